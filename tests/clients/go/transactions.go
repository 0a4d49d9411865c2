// Transactions, and what an administrator sees of them.

package main

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

func readWith(topic string, level kgo.IsolationLevel, count int) []string {
	reader := client(kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(level),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	defer reader.Close()
	return values(drain(reader.PollFetches, count))
}

// What is rolled back is read by nobody who asks for committed records, and is processed again.
func transactions(protocol protocol) {
	source, sink := create("source-"+protocol.name+"-"+run, 1), create("sink-"+protocol.name+"-"+run, 1)
	group := "group-" + source
	send(numbered(source, 0, 20))
	options := []kgo.Opt{kgo.SeedBrokers(bootstrap), kgo.TransactionalID("app-" + sink),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumerGroup(group), kgo.ConsumeTopics(source),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DefaultProduceTopic(sink)}
	session := got(kgo.NewGroupTransactSession(append(options, protocol.options...)...))
	process := func(word string, end kgo.TransactionEndTry) {
		must(session.Begin())
		ten := func(ctx context.Context) kgo.Fetches { return session.PollRecords(ctx, 10) }
		records := drain(ten, 10)
		equal(len(records), 10)
		for _, record := range records {
			out := &kgo.Record{Key: record.Key, Value: []byte(word + "-" + string(record.Value))}
			session.Produce(ctx, out, func(_ *kgo.Record, err error) { must(err) })
		}
		must(session.Client().Flush(ctx))
		equal(got(session.End(ctx, end)), bool(end))
	}
	process("committed", kgo.TryCommit)
	committedIs := func(offset int64) func() bool {
		return func() bool { return offsetsOf(group, source)[0] == offset }
	}
	until(committedIs(10))
	process("aborted", kgo.TryAbort)
	equal(offsetsOf(group, source), map[int32]int64{0: 10})
	process("committed", kgo.TryCommit)
	until(committedIs(20))
	session.Close()

	committed := texts("committed-", 0, 20)
	equal(readWith(sink, kgo.ReadCommitted(), 20), committed)
	everything := append(texts("committed-", 0, 10), texts("aborted-", 10, 10)...)
	equal(readWith(sink, kgo.ReadUncommitted(), 30), append(everything, committed[10:]...))
}

// An administrator finds a transaction that hangs and rolls it back; what follows is read at once.
func administersTransactions() {
	topic := create("hanging-"+run, 1)
	id := "app-" + topic
	hanging := client(kgo.TransactionalID(id), kgo.DefaultProduceTopic(topic))
	defer hanging.Close()
	must(hanging.BeginTransaction())
	must(hanging.ProduceSync(ctx, kgo.StringRecord("hangs")).FirstErr())
	admin := kadm.NewClient(client())
	defer admin.Close()
	described := got(admin.DescribeTransactions(ctx, id))[id]
	equal(described.State, "Ongoing")
	equal(described.Topics, kadm.TopicsSet{topic: {0: {}}})
	equal(got(admin.ListTransactions(ctx, nil, []string{"Ongoing"}))[id].ProducerID, described.ProducerID)
	producer := got(admin.DescribeProducers(ctx, kadm.TopicsSet{topic: {0: {}}}))[topic].Partitions[0].
		ActiveProducers[described.ProducerID]
	equal(producer.ProducerID, described.ProducerID)
	equal(producer.CurrentTxnStartOffset, 0)
	send([]*kgo.Record{{Topic: topic, Value: []byte("follows")}})
	ends := got(admin.ListCommittedOffsets(ctx, topic))
	equal(ends[topic][0].Offset, 0)
	must(got(admin.WriteTxnMarkers(ctx, kadm.TxnMarkers{ProducerID: producer.ProducerID,
		ProducerEpoch: producer.ProducerEpoch, CoordinatorEpoch: producer.CoordinatorEpoch,
		Topics: kadm.TopicsSet{topic: {0: {}}}}))[producer.ProducerID].Topics[topic].Partitions[0].Err)
	equal(readWith(topic, kgo.ReadCommitted(), 1), []string{"follows"})
	must(hanging.EndTransaction(ctx, kgo.TryAbort))
}

func administersTopics() {
	topic := create("admin-"+run, 1)
	admin := kadm.NewClient(client())
	defer admin.Close()
	kept, both := "60000", "compact"
	must(got(admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{
		{Op: kadm.SetConfig, Name: "retention.ms", Value: &kept},
		{Op: kadm.AppendConfig, Name: "cleanup.policy", Value: &both}}, topic))[0].Err)
	found := map[string]string{}
	for _, config := range got(admin.DescribeTopicConfigs(ctx, topic))[0].Configs {
		found[config.Key] = config.MaybeValue()
	}
	equal([]string{found["retention.ms"], found["cleanup.policy"], found["min.insync.replicas"]},
		[]string{"60000", "delete,compact", "1"})
	must(got(admin.UpdatePartitions(ctx, 3, topic)).Error())
	equal(got(admin.ListTopics(ctx, topic))[topic].Partitions.Numbers(), []int32{0, 1, 2})

	var records []*kgo.Record
	for at := range 10 {
		records = append(records, &kgo.Record{Topic: topic, Partition: 1, Key: []byte("key"),
			Timestamp: since.Add(time.Duration(at) * 10 * time.Millisecond)})
	}
	send(records, kgo.RecordPartitioner(kgo.ManualPartitioner()))
	cut := kadm.Offsets{}
	cut.AddOffset(topic, 1, 4, -1)
	equal(got(admin.DeleteRecords(ctx, cut))[topic][1].LowWatermark, 4)
	offset := func(listed kadm.ListedOffsets, err error) int64 {
		return got(listed, err)[topic][1].Offset
	}
	equal([]int64{offset(admin.ListStartOffsets(ctx, topic)), offset(admin.ListEndOffsets(ctx, topic)),
		offset(admin.ListMaxTimestampOffsets(ctx, topic)),
		offset(admin.ListOffsetsAfterMilli(ctx, since.UnixMilli()+55, topic))}, []int64{4, 10, 9, 6})
	must(got(admin.DeleteTopics(ctx, topic)).Error())
	equal(got(admin.ListTopics(ctx)).Has(topic), false)
}
