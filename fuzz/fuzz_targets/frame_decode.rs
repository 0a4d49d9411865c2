//! A Kafka request: header, then the body under the shape of its key and version.
#![no_main]

use bytes::Bytes;
use kafka_protocol::messages as m;
use kafka_protocol::protocol::Decodable;
use levada_kafka_wire::decode::decode;
use levada_kafka_wire::frame::RequestHeader;
use levada_kafka_wire::produce::ProduceRequest;
use m::ApiKey;

fn body<R: Decodable>(key: ApiKey, version: i16, body: &Bytes) {
    let _ = decode::<R>(key, version, body);
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let frame = Bytes::copy_from_slice(input);
    let Ok(header) = RequestHeader::read(&frame) else { return };
    let rest = frame.slice(header.header_bytes..);
    let Ok(key) = ApiKey::try_from(header.api_key) else { return };
    let versions = key.valid_versions();
    let version = header.api_version;
    if version < versions.min || version > versions.max {
        return;
    }
    let read = match key {
        ApiKey::Produce => {
            let _ = ProduceRequest::read(&rest, version);
            return;
        }
        ApiKey::Fetch => body::<m::FetchRequest>,
        ApiKey::ListOffsets => body::<m::ListOffsetsRequest>,
        ApiKey::Metadata => body::<m::MetadataRequest>,
        ApiKey::OffsetCommit => body::<m::OffsetCommitRequest>,
        ApiKey::OffsetFetch => body::<m::OffsetFetchRequest>,
        ApiKey::FindCoordinator => body::<m::FindCoordinatorRequest>,
        ApiKey::JoinGroup => body::<m::JoinGroupRequest>,
        ApiKey::Heartbeat => body::<m::HeartbeatRequest>,
        ApiKey::LeaveGroup => body::<m::LeaveGroupRequest>,
        ApiKey::SyncGroup => body::<m::SyncGroupRequest>,
        ApiKey::DescribeGroups => body::<m::DescribeGroupsRequest>,
        ApiKey::ListGroups => body::<m::ListGroupsRequest>,
        ApiKey::ApiVersions => body::<m::ApiVersionsRequest>,
        ApiKey::CreateTopics => body::<m::CreateTopicsRequest>,
        ApiKey::DeleteTopics => body::<m::DeleteTopicsRequest>,
        ApiKey::DeleteRecords => body::<m::DeleteRecordsRequest>,
        ApiKey::InitProducerId => body::<m::InitProducerIdRequest>,
        ApiKey::OffsetForLeaderEpoch => body::<m::OffsetForLeaderEpochRequest>,
        ApiKey::DescribeConfigs => body::<m::DescribeConfigsRequest>,
        ApiKey::AlterConfigs => body::<m::AlterConfigsRequest>,
        ApiKey::CreatePartitions => body::<m::CreatePartitionsRequest>,
        ApiKey::DeleteGroups => body::<m::DeleteGroupsRequest>,
        ApiKey::IncrementalAlterConfigs => body::<m::IncrementalAlterConfigsRequest>,
        ApiKey::OffsetDelete => body::<m::OffsetDeleteRequest>,
        ApiKey::DescribeCluster => body::<m::DescribeClusterRequest>,
        _ => return,
    };
    read(key, version, &rest);
});
