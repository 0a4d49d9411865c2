//! Where each answer names its errors.

use kafka_protocol::messages::{
    AddOffsetsToTxnResponse, AddPartitionsToTxnResponse, AlterConfigsResponse,
    AlterPartitionReassignmentsResponse, ApiVersionsResponse, ConsumerGroupDescribeResponse,
    ConsumerGroupHeartbeatResponse, CreatePartitionsResponse, CreateTopicsResponse,
    DeleteGroupsResponse, DeleteRecordsResponse, DeleteTopicsResponse, DescribeClusterResponse,
    DescribeConfigsResponse, DescribeGroupsResponse, DescribeLogDirsResponse,
    DescribeProducersResponse, DescribeTopicPartitionsResponse, DescribeTransactionsResponse,
    ElectLeadersResponse, EndTxnResponse, FindCoordinatorResponse, HeartbeatResponse,
    IncrementalAlterConfigsResponse, InitProducerIdResponse, JoinGroupResponse, LeaveGroupResponse,
    ListGroupsResponse, ListOffsetsResponse, ListPartitionReassignmentsResponse,
    ListTransactionsResponse, MetadataResponse, OffsetCommitResponse, OffsetDeleteResponse,
    OffsetFetchResponse, OffsetForLeaderEpochResponse, ProduceResponse, SyncGroupResponse,
    TxnOffsetCommitResponse, WriteTxnMarkersResponse,
};
use levada_kafka_wire::fetch::FetchResponse;

use crate::log::FoundRecords;

/// An answer that may name errors.
pub(crate) trait Answer {
    /// Every error code in it, 0 for success.
    fn errors(&self, note: &mut dyn FnMut(i16));
}

/// `list > list > field`: the field of everything in the lists.
macro_rules! walk {
    ($at:expr, $note:ident, $list:ident > $($rest:tt)+) => {
        for inner in &$at.$list {
            walk!(inner, $note, $($rest)+);
        }
    };
    ($at:expr, $note:ident, $field:ident) => {
        $note($at.$field)
    };
}

macro_rules! answers {
    ($($answer:ty: [$($($step:ident)>+),+])+) => {$(
        impl Answer for $answer {
            fn errors(&self, note: &mut dyn FnMut(i16)) {
                $(walk!(self, note, $($step)>+);)+
            }
        }
    )+};
}

answers! {
    ProduceResponse: [responses > partition_responses > error_code]
    FetchResponse<FoundRecords>: [error_code, topics > partitions > error_code]
    ListOffsetsResponse: [topics > partitions > error_code]
    MetadataResponse: [error_code, topics > error_code, topics > partitions > error_code]
    OffsetCommitResponse: [topics > partitions > error_code]
    OffsetFetchResponse: [
        error_code,
        topics > partitions > error_code,
        groups > error_code,
        groups > topics > partitions > error_code
    ]
    FindCoordinatorResponse: [error_code, coordinators > error_code]
    JoinGroupResponse: [error_code]
    HeartbeatResponse: [error_code]
    LeaveGroupResponse: [error_code, members > error_code]
    SyncGroupResponse: [error_code]
    DescribeGroupsResponse: [groups > error_code]
    ListGroupsResponse: [error_code]
    ApiVersionsResponse: [error_code]
    CreateTopicsResponse: [topics > error_code]
    DeleteTopicsResponse: [responses > error_code]
    DeleteRecordsResponse: [topics > partitions > error_code]
    InitProducerIdResponse: [error_code]
    OffsetForLeaderEpochResponse: [topics > partitions > error_code]
    AddPartitionsToTxnResponse: [
        error_code,
        results_by_transaction > topic_results > results_by_partition > partition_error_code,
        results_by_topic_v3_and_below > results_by_partition > partition_error_code
    ]
    AddOffsetsToTxnResponse: [error_code]
    EndTxnResponse: [error_code]
    WriteTxnMarkersResponse: [markers > topics > partitions > error_code]
    TxnOffsetCommitResponse: [topics > partitions > error_code]
    DescribeConfigsResponse: [results > error_code]
    AlterConfigsResponse: [responses > error_code]
    DescribeLogDirsResponse: [error_code, results > error_code]
    CreatePartitionsResponse: [results > error_code]
    DeleteGroupsResponse: [results > error_code]
    ElectLeadersResponse: [error_code, replica_election_results > partition_result > error_code]
    IncrementalAlterConfigsResponse: [responses > error_code]
    AlterPartitionReassignmentsResponse: [error_code, responses > partitions > error_code]
    ListPartitionReassignmentsResponse: [error_code]
    OffsetDeleteResponse: [error_code, topics > partitions > error_code]
    DescribeClusterResponse: [error_code]
    DescribeProducersResponse: [topics > partitions > error_code]
    DescribeTransactionsResponse: [transaction_states > error_code]
    ListTransactionsResponse: [error_code]
    ConsumerGroupHeartbeatResponse: [error_code]
    ConsumerGroupDescribeResponse: [groups > error_code]
    DescribeTopicPartitionsResponse: [topics > error_code, topics > partitions > error_code]
}
