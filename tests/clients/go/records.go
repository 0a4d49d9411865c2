// Everything that a record may be, with every compression.

package main

import (
	"bytes"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type codec struct {
	name  string
	codec kgo.CompressionCodec
}

var codecs = []codec{
	{"none", kgo.NoCompression()},
	{"gzip", kgo.GzipCompression()},
	{"snappy", kgo.SnappyCompression()},
	{"lz4", kgo.Lz4Compression()},
	{"zstd", kgo.ZstdCompression()},
}

// What is older than a week is deleted.
var since = time.UnixMilli(time.Now().UnixMilli() - 60_000)

// What a record is to whoever sends or reads it.
type content struct {
	offset     int64
	timestamp  int64
	key, value []byte
	headers    []kgo.RecordHeader
}

func contents() []content {
	noise := make([]byte, 10_000)
	rand.NewChaCha8([32]byte{1}).Read(noise)
	long := bytes.Repeat([]byte("all work and no play "), 4096)
	found := []content{
		{key: []byte("plain"), value: []byte("value"), headers: []kgo.RecordHeader{
			{Key: "source", Value: []byte("web")}, {Key: "version", Value: []byte("1.0")}}},
		{value: []byte("no key")},
		{key: []byte("tombstone")},
		{key: []byte{}, value: []byte{}, headers: []kgo.RecordHeader{
			{Key: "empty", Value: []byte{}}, {Key: "absent"}}},
		{key: []byte("größe"), value: []byte("日本"), headers: []kgo.RecordHeader{
			{Key: "twice", Value: []byte("1")}, {Key: "twice", Value: []byte("2")}}},
		{key: []byte("long"), value: long},
		{key: []byte("noise"), value: noise, headers: []kgo.RecordHeader{{Key: "名", Value: noise[:256]}}},
	}
	for at := range found {
		found[at].offset = int64(at)
		found[at].timestamp = since.UnixMilli() + int64(at)
	}
	return found
}

func contentOf(records []*kgo.Record) []content {
	var found []content
	for _, record := range records {
		found = append(found, content{
			record.Offset, record.Timestamp.UnixMilli(), record.Key, record.Value, record.Headers})
	}
	return found
}

// What comes back is what was sent, in order, and once more from an offset in the middle.
func compression(codec codec) {
	topic := create("franz-"+run+"-"+codec.name, 1)
	wanted := contents()
	var records []*kgo.Record
	for _, content := range wanted {
		records = append(records, &kgo.Record{Topic: topic, Key: content.key, Value: content.value,
			Headers: content.headers, Timestamp: time.UnixMilli(content.timestamp)})
	}
	send(records, kgo.ProducerBatchCompression(codec.codec))
	for _, start := range []int64{0, 3} {
		offsets := map[string]map[int32]kgo.Offset{topic: {0: kgo.NewOffset().At(start)}}
		reader := client(kgo.ConsumePartitions(offsets), kgo.Rack("elsewhere")) // where no follower is
		equal(contentOf(drain(reader.PollFetches, len(wanted)-int(start))), wanted[start:])
		reader.Close()
	}
}
