// Groups of every protocol that the client has.

package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

type protocol struct {
	name    string
	options []kgo.Opt
}

// The classic protocol's two ways of sharing partitions, and KIP-848.
var protocols = []protocol{
	{"eager", []kgo.Opt{kgo.Balancers(kgo.RangeBalancer()), kgo.HeartbeatInterval(time.Second)}},
	{"cooperative", []kgo.Opt{kgo.Balancers(kgo.CooperativeStickyBalancer()), kgo.HeartbeatInterval(time.Second)}},
	{"KIP-848", []kgo.Opt{kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer()}},
}

// member is a consumer of a group that polls on its own and tells what it has and what it saw.
type member struct {
	client *kgo.Client
	lock   sync.Mutex
	owned  []int32
	moves  int
	seen   []*kgo.Record
	done   chan struct{}
}

func join(topic, group string, protocol protocol, options ...kgo.Opt) *member {
	member := &member{done: make(chan struct{})}
	assigned := func(_ context.Context, _ *kgo.Client, added map[string][]int32) {
		member.change(func() { member.owned = append(member.owned, added[topic]...) }, len(added[topic]))
	}
	revoked := func(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
		member.change(func() {
			member.owned = slices.DeleteFunc(member.owned, func(owned int32) bool {
				return slices.Contains(lost[topic], owned)
			})
		}, len(lost[topic]))
	}
	options = append(options, kgo.ConsumeTopics(topic), kgo.ConsumerGroup(group), kgo.DisableAutoCommit(),
		kgo.OnPartitionsAssigned(assigned), kgo.OnPartitionsRevoked(revoked), kgo.OnPartitionsLost(revoked),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	member.client = client(append(options, protocol.options...)...)
	go member.poll()
	return member
}

func (m *member) poll() {
	defer close(m.done)
	for {
		fetches := m.client.PollFetches(ctx)
		if fetches.IsClientClosed() {
			return
		}
		must(fetches.Err())
		m.lock.Lock()
		m.seen = append(m.seen, fetches.Records()...)
		m.lock.Unlock()
	}
}

func (m *member) change(act func(), partitions int) {
	m.lock.Lock()
	defer m.lock.Unlock()
	act()
	m.moves += partitions
}

func (m *member) close() {
	m.client.Close()
	<-m.done
}

func (m *member) ownedNow() []int32 {
	m.lock.Lock()
	defer m.lock.Unlock()
	owned := slices.Clone(m.owned)
	slices.Sort(owned)
	return owned
}

func (m *member) seenNow() []*kgo.Record {
	m.lock.Lock()
	defer m.lock.Unlock()
	return slices.Clone(m.seen)
}

func until(condition func() bool) {
	for !condition() {
		select {
		case <-ctx.Done():
			fail("waited in vain")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func offsetsOf(group, topic string) map[int32]int64 {
	return withAdmin(func(admin *kadm.Client) map[int32]int64 {
		found := map[int32]int64{}
		for partition, offset := range got(admin.FetchOffsets(ctx, group))[topic] {
			must(offset.Err)
			found[partition] = offset.At
		}
		return found
	})
}

// Two members have two partitions each and see everything once; who comes later goes on from there.
func sharing(protocol protocol) {
	topic := create("shared-"+protocol.name+"-"+run, 4)
	group := "group-" + topic
	one, two := join(topic, group, protocol), join(topic, group, protocol)
	until(func() bool { return len(one.ownedNow()) == 2 && len(two.ownedNow()) == 2 })
	equal(slices.Sorted(slices.Values(append(one.ownedNow(), two.ownedNow()...))), []int32{0, 1, 2, 3})
	send(numbered(topic, 0, 90))
	until(func() bool { return len(one.seenNow())+len(two.seenNow()) >= 90 })
	ends := map[int32]int64{}
	for _, member := range []*member{one, two} {
		for _, record := range member.seenNow() {
			equal(slices.Contains(member.ownedNow(), record.Partition), true)
			equal(record.Offset, ends[record.Partition])
			ends[record.Partition]++
		}
		must(member.client.CommitUncommittedOffsets(ctx))
	}
	equal(sorted(values(append(one.seenNow(), two.seenNow()...))), sorted(texts("", 0, 90)))
	equal(offsetsOf(group, topic), ends)

	two.close()
	until(func() bool { return len(one.ownedNow()) == 4 })
	one.close()
	send(numbered(topic, 90, 10))
	late := join(topic, group, protocol)
	until(func() bool { return len(late.seenNow()) >= 10 })
	equal(sorted(values(late.seenNow())), sorted(texts("", 90, 10)))
	late.close()
}

// A member with a name that comes back has its partitions, and the others keep theirs.
func staticMember(protocol protocol) {
	topic := create("static-"+protocol.name+"-"+run, 2)
	group := "group-" + topic
	stays := join(topic, group, protocol, kgo.InstanceID("stays"))
	goes := join(topic, group, protocol, kgo.InstanceID("goes"))
	until(func() bool { return len(stays.ownedNow()) == 1 && len(goes.ownedNow()) == 1 })
	moves, before := stays.moves, goes.ownedNow()
	goes.close()
	again := join(topic, group, protocol, kgo.InstanceID("goes"))
	until(func() bool { return slices.Equal(again.ownedNow(), before) })
	equal(stays.moves, moves)
	names := withAdmin(func(admin *kadm.Client) []string {
		var found []string
		for _, member := range got(admin.DescribeGroups(ctx, group))[group].Members {
			found = append(found, *member.InstanceID)
		}
		return found
	})
	equal(sorted(names), []string{"goes", "stays"})
	stays.close()
	again.close()
}

func administersGroups() {
	topic := create("grouped-"+run, 1)
	group := "group-" + topic
	send(numbered(topic, 0, 10))
	reader := join(topic, group, protocols[0])
	until(func() bool { return len(reader.seenNow()) == 10 })
	must(reader.client.CommitUncommittedOffsets(ctx))
	admin := kadm.NewClient(client())
	defer admin.Close()
	described := got(admin.DescribeGroups(ctx, group))[group]
	equal([]string{described.State, described.Protocol}, []string{"Stable", "range"})
	equal(described.AssignedPartitions(), kadm.TopicsSet{topic: {0: {}}})
	reader.close()

	rewound := kadm.Offsets{}
	rewound.AddOffset(topic, 0, 7, -1)
	must(admin.CommitAllOffsets(ctx, group, rewound))
	lag := got(admin.Lag(ctx, group))[group].Lag[topic][0]
	equal([]int64{lag.Commit.At, lag.End.Offset, lag.Lag}, []int64{7, 10, 3})
	late := join(topic, group, protocols[2])
	until(func() bool { return len(late.seenNow()) == 3 })
	equal(values(late.seenNow()), texts("", 7, 3))
	late.close()
	equal(got(admin.ListGroups(ctx))[group].State, "Empty")
	must(got(admin.DeleteGroups(ctx, group)).Error())
	if slices.Contains(got(admin.ListGroups(ctx)).Groups(), group) {
		fail("the group %s was deleted and is listed", group)
	}
	equal(fmt.Sprint(got(admin.FetchOffsets(ctx, group))), "map[]")
}
