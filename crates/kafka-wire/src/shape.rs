//! The shape of every served request: which fields stand in which versions, in the order of the
//! wire. Names and meanings are the decoder's; only lengths and counts matter here.

use kafka_protocol::messages::ApiKey;

/// One field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) versions: Versions,
    pub(crate) kind: Kind,
    /// Set for a field that stands among the tagged ones.
    pub(crate) tag: Option<u32>,
}

/// First and last, both included.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Versions(i16, i16);

#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// That many bytes; neighbours are taken together.
    Fixed(usize),
    /// Nullable or not; two bytes of length, or compact.
    Text,
    /// Nullable or not; four bytes of length, or compact.
    Bytes,
    /// An array of numbers or ids of that many bytes.
    Numbers(usize),
    Texts,
    Structs(&'static [Field]),
    /// One struct in place.
    Struct(&'static [Field]),
    /// One struct after a byte that says whether it is there.
    NullableStruct(&'static [Field]),
}

impl Versions {
    pub(crate) fn contains(self, version: i16) -> bool {
        self.0 <= version && version <= self.1
    }
}

const fn all(kind: Kind) -> Field {
    Field { versions: Versions(0, i16::MAX), kind, tag: None }
}

const fn since(first: i16, kind: Kind) -> Field {
    Field { versions: Versions(first, i16::MAX), kind, tag: None }
}

const fn until(last: i16, kind: Kind) -> Field {
    Field { versions: Versions(0, last), kind, tag: None }
}

const fn between(first: i16, last: i16, kind: Kind) -> Field {
    Field { versions: Versions(first, last), kind, tag: None }
}

const fn tagged(tag: u32, kind: Kind) -> Field {
    Field { versions: Versions(0, i16::MAX), kind, tag: Some(tag) }
}

use Kind::{Bytes, Fixed, NullableStruct, Numbers, Struct, Structs, Text, Texts};

/// `None` for a request that is not decoded here.
pub(crate) fn shape_of(key: ApiKey) -> Option<&'static [Field]> {
    Some(match key {
        ApiKey::Fetch => FETCH,
        ApiKey::ListOffsets => LIST_OFFSETS,
        ApiKey::Metadata => METADATA,
        ApiKey::OffsetCommit => OFFSET_COMMIT,
        ApiKey::OffsetFetch => OFFSET_FETCH,
        ApiKey::FindCoordinator => FIND_COORDINATOR,
        ApiKey::JoinGroup => JOIN_GROUP,
        ApiKey::Heartbeat => HEARTBEAT,
        ApiKey::LeaveGroup => LEAVE_GROUP,
        ApiKey::SyncGroup => SYNC_GROUP,
        ApiKey::DescribeGroups => DESCRIBE_GROUPS,
        ApiKey::ListGroups => LIST_GROUPS,
        ApiKey::ApiVersions => API_VERSIONS,
        ApiKey::CreateTopics => CREATE_TOPICS,
        ApiKey::DeleteTopics => DELETE_TOPICS,
        ApiKey::DeleteRecords => DELETE_RECORDS,
        ApiKey::InitProducerId => INIT_PRODUCER_ID,
        ApiKey::OffsetForLeaderEpoch => OFFSET_FOR_LEADER_EPOCH,
        ApiKey::AddPartitionsToTxn => ADD_PARTITIONS_TO_TXN,
        ApiKey::AddOffsetsToTxn => ADD_OFFSETS_TO_TXN,
        ApiKey::EndTxn => END_TXN,
        ApiKey::WriteTxnMarkers => WRITE_TXN_MARKERS,
        ApiKey::TxnOffsetCommit => TXN_OFFSET_COMMIT,
        ApiKey::DescribeConfigs => DESCRIBE_CONFIGS,
        ApiKey::AlterConfigs => ALTER_CONFIGS,
        ApiKey::CreatePartitions => CREATE_PARTITIONS,
        ApiKey::DeleteGroups => DELETE_GROUPS,
        ApiKey::ElectLeaders => ELECT_LEADERS,
        ApiKey::AlterPartitionReassignments => ALTER_PARTITION_REASSIGNMENTS,
        ApiKey::ListPartitionReassignments => LIST_PARTITION_REASSIGNMENTS,
        ApiKey::IncrementalAlterConfigs => INCREMENTAL_ALTER_CONFIGS,
        ApiKey::OffsetDelete => OFFSET_DELETE,
        ApiKey::DescribeCluster => DESCRIBE_CLUSTER,
        ApiKey::DescribeLogDirs => DESCRIBE_LOG_DIRS,
        ApiKey::DescribeProducers => DESCRIBE_PRODUCERS,
        ApiKey::DescribeTransactions => DESCRIBE_TRANSACTIONS,
        ApiKey::ListTransactions => LIST_TRANSACTIONS,
        ApiKey::DescribeTopicPartitions => DESCRIBE_TOPIC_PARTITIONS,
        ApiKey::ConsumerGroupHeartbeat => CONSUMER_GROUP_HEARTBEAT,
        ApiKey::ConsumerGroupDescribe => CONSUMER_GROUP_DESCRIBE,
        _ => return None,
    })
}

const BOOL: Kind = Fixed(1);
const INT8: Kind = Fixed(1);
const INT32: Kind = Fixed(4);
const INT64: Kind = Fixed(8);
const UUID: Kind = Fixed(16);

const FETCH: &[Field] = &[
    until(14, INT32),          // replica
    all(Fixed(4 + 4 + 4 + 1)), // wait, bytes, isolation
    since(7, Fixed(4 + 4)),    // session
    all(Structs(&[
        until(12, Text),
        since(13, UUID),
        all(Structs(&[
            all(INT32),
            since(9, INT32), // leader epoch
            all(INT64),
            since(12, INT32), // last fetched epoch
            since(5, INT64),  // log start
            all(INT32),
            tagged(0, UUID),  // replica directory
            tagged(1, INT64), // high watermark
        ])),
    ])),
    since(7, Structs(&[until(12, Text), since(13, UUID), all(Numbers(4))])), // forgotten
    since(11, Text),                                                         // rack
    tagged(0, Text),                                                         // cluster id
    tagged(1, Struct(&[all(Fixed(4 + 8))])),                                 // replica state
];

const LIST_OFFSETS: &[Field] = &[
    all(INT32),
    since(2, INT8), // isolation
    all(Structs(&[all(Text), all(Structs(&[all(INT32), since(4, INT32), all(INT64)]))])),
    since(10, INT32), // timeout
];

const METADATA: &[Field] = &[
    all(Structs(&[since(10, UUID), all(Text)])),
    since(4, BOOL),       // auto-creation
    between(8, 10, BOOL), // cluster operations
    since(8, BOOL),       // topic operations
];

const OFFSET_COMMIT: &[Field] = &[
    all(Text),
    all(INT32),
    all(Text),
    since(7, Text),  // instance
    until(4, INT64), // retention
    all(Structs(&[all(Text), all(Structs(&[all(Fixed(4 + 8)), since(6, INT32), all(Text)]))])),
];

const OFFSET_FETCH: &[Field] = &[
    until(7, Text),
    until(7, Structs(&[all(Text), all(Numbers(4))])),
    since(
        8,
        Structs(&[
            all(Text),
            since(9, Text),
            since(9, INT32),
            all(Structs(&[all(Text), all(Numbers(4))])),
        ]),
    ),
    since(7, BOOL), // require stable
];

const FIND_COORDINATOR: &[Field] = &[until(3, Text), since(1, INT8), since(4, Texts)];

const JOIN_GROUP: &[Field] = &[
    all(Text),
    all(INT32),
    since(1, INT32), // rebalance timeout
    all(Text),
    since(5, Text), // instance
    all(Text),
    all(Structs(&[all(Text), all(Bytes)])),
    since(8, Text), // reason
];

const HEARTBEAT: &[Field] = &[all(Text), all(INT32), all(Text), since(3, Text)];

const LEAVE_GROUP: &[Field] =
    &[all(Text), until(2, Text), since(3, Structs(&[all(Text), all(Text), since(5, Text)]))];

const SYNC_GROUP: &[Field] = &[
    all(Text),
    all(INT32),
    all(Text),
    since(3, Text), // instance
    since(5, Text), // protocol type
    since(5, Text), // protocol name
    all(Structs(&[all(Text), all(Bytes)])),
];

const DESCRIBE_GROUPS: &[Field] = &[all(Texts), since(3, BOOL)];

const LIST_GROUPS: &[Field] = &[since(4, Texts), since(5, Texts)];

const API_VERSIONS: &[Field] = &[since(3, Text), since(3, Text)];

const CREATE_TOPICS: &[Field] = &[
    all(Structs(&[
        all(Text),
        all(Fixed(4 + 2)),
        all(Structs(&[all(INT32), all(Numbers(4))])),
        all(Structs(&[all(Text), all(Text)])),
    ])),
    all(Fixed(4 + 1)),
];

const DELETE_TOPICS: &[Field] =
    &[since(6, Structs(&[all(Text), all(UUID)])), until(5, Texts), all(INT32)];

const DELETE_RECORDS: &[Field] =
    &[all(Structs(&[all(Text), all(Structs(&[all(Fixed(4 + 8))]))])), all(INT32)];

const INIT_PRODUCER_ID: &[Field] = &[all(Text), all(INT32), since(3, Fixed(8 + 2))];

const OFFSET_FOR_LEADER_EPOCH: &[Field] =
    &[since(3, INT32), all(Structs(&[all(Text), all(Structs(&[all(Fixed(4 + 4 + 4))]))]))];

/// A transaction's topics with their partitions.
const TXN_TOPICS: Kind = Structs(&[all(Text), all(Numbers(4))]);

const ADD_PARTITIONS_TO_TXN: &[Field] = &[
    since(4, Structs(&[all(Text), all(Fixed(8 + 2 + 1)), all(TXN_TOPICS)])),
    until(3, Text),
    until(3, Fixed(8 + 2)),
    until(3, TXN_TOPICS),
];

const ADD_OFFSETS_TO_TXN: &[Field] = &[all(Text), all(Fixed(8 + 2)), all(Text)];

const END_TXN: &[Field] = &[all(Text), all(Fixed(8 + 2 + 1))];

const WRITE_TXN_MARKERS: &[Field] =
    &[all(Structs(&[all(Fixed(8 + 2 + 1)), all(TXN_TOPICS), all(INT32)]))];

const TXN_OFFSET_COMMIT: &[Field] = &[
    all(Text),
    all(Text),
    all(Fixed(8 + 2)),
    since(3, INT32), // generation
    since(3, Text),
    since(3, Text), // instance
    all(Structs(&[all(Text), all(Structs(&[all(Fixed(4 + 8)), since(2, INT32), all(Text)]))])),
];

const DESCRIBE_CONFIGS: &[Field] =
    &[all(Structs(&[all(INT8), all(Text), all(Texts)])), all(BOOL), since(3, BOOL)];

const ALTER_CONFIGS: &[Field] =
    &[all(Structs(&[all(INT8), all(Text), all(Structs(&[all(Text), all(Text)]))])), all(BOOL)];

const INCREMENTAL_ALTER_CONFIGS: &[Field] = &[
    all(Structs(&[all(INT8), all(Text), all(Structs(&[all(Text), all(INT8), all(Text)]))])),
    all(BOOL),
];

const CREATE_PARTITIONS: &[Field] =
    &[all(Structs(&[all(Text), all(INT32), all(Structs(&[all(Numbers(4))]))])), all(Fixed(4 + 1))];

const DELETE_GROUPS: &[Field] = &[all(Texts)];

const ELECT_LEADERS: &[Field] =
    &[since(1, INT8), all(Structs(&[all(Text), all(Numbers(4))])), all(INT32)];

const ALTER_PARTITION_REASSIGNMENTS: &[Field] = &[
    all(INT32),
    since(1, BOOL),
    all(Structs(&[all(Text), all(Structs(&[all(INT32), all(Numbers(4))]))])),
];

const LIST_PARTITION_REASSIGNMENTS: &[Field] =
    &[all(INT32), all(Structs(&[all(Text), all(Numbers(4))]))];

const OFFSET_DELETE: &[Field] =
    &[all(Text), all(Structs(&[all(Text), all(Structs(&[all(INT32)]))]))];

const DESCRIBE_CLUSTER: &[Field] = &[all(BOOL), since(1, INT8), since(2, BOOL)];

const DESCRIBE_LOG_DIRS: &[Field] = &[all(Structs(&[all(Text), all(Numbers(4))]))];

const DESCRIBE_PRODUCERS: &[Field] = &[all(Structs(&[all(Text), all(Numbers(4))]))];

const DESCRIBE_TRANSACTIONS: &[Field] = &[all(Texts)];

const LIST_TRANSACTIONS: &[Field] = &[all(Texts), all(Numbers(8)), since(1, INT64), since(2, Text)];

const DESCRIBE_TOPIC_PARTITIONS: &[Field] =
    &[all(Structs(&[all(Text)])), all(INT32), all(NullableStruct(&[all(Text), all(INT32)]))];

const CONSUMER_GROUP_HEARTBEAT: &[Field] = &[
    all(Text),
    all(Text),
    all(INT32),
    all(Text), // instance
    all(Text), // rack
    all(INT32),
    all(Texts),     // topic names
    since(1, Text), // topic regex
    all(Text),      // assignor
    all(Structs(&[all(UUID), all(Numbers(4))])),
];

const CONSUMER_GROUP_DESCRIBE: &[Field] = &[all(Texts), all(BOOL)];
