// franz-go against a running broker: `clients HOST:PORT`.
//
// Sends records with every compression, shares and moves partitions in groups of both protocols,
// rolls back and commits transactions, and administers. Exits 1 at the first thing that is not as
// it must be.
package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var bootstrap, run string

// What takes longer than this has failed.
var ctx, cancel = context.WithTimeout(context.Background(), 3*time.Minute)

type step struct {
	title string
	act   func()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: clients HOST:PORT")
		os.Exit(2)
	}
	defer cancel()
	bootstrap = os.Args[1]
	random := make([]byte, 4)
	rand.Read(random)
	run = hex.EncodeToString(random)

	var steps []step
	for _, codec := range codecs {
		steps = append(steps, step{codec.name + " compression", func() { compression(codec) }})
	}
	for _, protocol := range protocols {
		steps = append(steps, step{protocol.name + " group", func() { sharing(protocol) }})
	}
	// Under KIP-848, a static member of this client leaves without its name, which is refused:
	// nobody can take its place before its session has ended, here as with Apache Kafka.
	steps = append(steps, step{"static member", func() { staticMember(protocols[1]) }})
	for _, protocol := range protocols[1:] {
		steps = append(steps, step{"transactions, " + protocol.name + " group", func() { transactions(protocol) }})
	}
	steps = append(steps, step{"a transaction from outside", administersTransactions})
	steps = append(steps, step{"topics", administersTopics}, step{"groups", administersGroups})
	// They mostly wait for a group to gather, so they do it side by side.
	var group sync.WaitGroup
	for _, step := range steps {
		group.Go(func() {
			step.act()
			fmt.Println("ok", step.title)
		})
	}
	group.Wait()
	fmt.Println(len(steps), "passed")
}

func equal[T any](found, wanted T) {
	if !reflect.DeepEqual(found, wanted) {
		fail("found %.2000s, wanted %.2000s", fmt.Sprint(found), fmt.Sprint(wanted))
	}
}

func fail(format string, values ...any) {
	panic(fmt.Sprintf(format, values...))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func got[T any](value T, err error) T {
	must(err)
	return value
}

func client(options ...kgo.Opt) *kgo.Client {
	return got(kgo.NewClient(append(options, kgo.SeedBrokers(bootstrap))...))
}

func withAdmin[T any](act func(*kadm.Client) T) T {
	admin := kadm.NewClient(client())
	defer admin.Close()
	return act(admin)
}

func create(topic string, partitions int32) string {
	return withAdmin(func(admin *kadm.Client) string {
		return got(admin.CreateTopic(ctx, partitions, 1, nil, topic)).Topic
	})
}

func send(records []*kgo.Record, options ...kgo.Opt) {
	producer := client(append(options, kgo.ProducerLinger(50*time.Millisecond))...)
	defer producer.Close()
	must(producer.ProduceSync(ctx, records...).FirstErr())
}

// drain polls until as many records came, and no longer.
func drain(poll func(context.Context) kgo.Fetches, count int) []*kgo.Record {
	var records []*kgo.Record
	for len(records) < count {
		fetches := poll(ctx)
		must(fetches.Err())
		records = append(records, fetches.Records()...)
	}
	return records
}

func values(records []*kgo.Record) []string {
	var found []string
	for _, record := range records {
		found = append(found, string(record.Value))
	}
	return found
}

func numbered(topic string, since, count int) []*kgo.Record {
	var records []*kgo.Record
	for at := since; at < since+count; at++ {
		record := kgo.KeyStringRecord(fmt.Sprint("user-", at%9), fmt.Sprint(at))
		record.Topic = topic
		records = append(records, record)
	}
	return records
}

func texts(prefix string, since, count int) []string {
	var found []string
	for at := since; at < since+count; at++ {
		found = append(found, fmt.Sprint(prefix, at))
	}
	return found
}

func sorted(found []string) []string {
	slices.Sort(found)
	return found
}
