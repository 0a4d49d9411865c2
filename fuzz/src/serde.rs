//! What the targets of the serializers share: a client that carries their schemas, so that nothing
//! waits for a network, and the laws that hold for messages of every format.

use std::fmt::Debug;

use futures_util::FutureExt;
use levada_lock_file::StoredVersion;
use levada_serde::client::SchemaBundle;
use levada_serde::{
    AnyDeserializer, AnySerializer, AnyValue, DecodeKind, Error, ReadFraming, RegistryClient,
    SchemaSource,
};

/// A client that knows these schemas by the ids 1, 2, and so on.
pub fn client(schema_type: &str, schemas: &[&str]) -> RegistryClient {
    let stored = (1..).zip(schemas).map(|(id, schema)| StoredVersion {
        subject: format!("s{id}"),
        version: 1,
        id: Some(id),
        guid: None,
        schema_type: schema_type.to_owned(),
        references: Vec::new(),
        metadata: None,
        rule_set: None,
        schema: (*schema).to_owned(),
        deleted: false,
    });
    let stored: Vec<_> = stored.collect();
    let bundle = SchemaBundle::parse(&levada_lock_file::write(&stored)).expect("a bundle");
    RegistryClient::builder("http://127.0.0.1:9").bundle(bundle).build().expect("a client")
}

/// The result of a future that has everything at hand.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing waits for a network")
}

/// Ids and all else are given, and only what is written is asked.
pub fn source(id: u32) -> SchemaSource {
    SchemaSource::Id { id, strict: false }
}

/// A message of the schema with this id.
pub fn framed(id: u8, body: &[u8]) -> Vec<u8> {
    [&[0, 0, 0, 0, id], body].concat()
}

/// Whether a bound ended the reading. Each way counts what it needs itself, so they may differ in that.
pub fn is_bound(error: &Error) -> bool {
    let Error::Decode(error) = error else { return false };
    matches!(
        error.kind,
        DecodeKind::AllocationLimitExceeded(_)
            | DecodeKind::DepthLimitExceeded(_)
            | DecodeKind::LengthTooLarge { .. }
    )
}

/// Two ways to read one message agree that it can be read, or that it cannot.
pub fn agree<A: Debug, B: Debug>(one: &Result<A, Error>, other: &Result<B, Error>) {
    let bound = |error: Option<&Error>| error.is_some_and(is_bound);
    if one.is_ok() != other.is_ok() && !bound(one.as_ref().err()) && !bound(other.as_ref().err()) {
        panic!("one way reads it and the other does not: {one:?} {other:?}");
    }
}

/// A tool's view of the messages of some schemas.
pub struct Any {
    reader: AnyDeserializer,
    /// By id, from 1.
    writers: Vec<AnySerializer>,
}

impl Any {
    pub fn new(client: &RegistryClient, schemas: usize) -> Self {
        let writer = |id| {
            let builder = AnySerializer::builder(client).source(source(id)).subject("s");
            ready(builder.build()).expect("a serializer")
        };
        let writers = (1..).take(schemas).map(writer).collect();
        let reader = ready(AnyDeserializer::new(client, ReadFraming::Dual)).expect("a reader");
        Self { reader, writers }
    }

    /// What is told of the bytes lies in the message, one piece behind the other, and tells of all
    /// of it where it can be read. Gives the message as JSON.
    pub fn explain(&self, message: &[u8]) -> Result<AnyValue, Error> {
        let explained = ready(self.reader.explain(message, None));
        let mut end = 0;
        for span in &explained.spans {
            assert!(span.bytes.start >= end && span.bytes.end >= span.bytes.start, "{span:?}");
            end = span.bytes.end;
        }
        assert!(end <= message.len());
        explained.value
    }

    /// The message that a tool would write of a message's JSON.
    pub fn write(&self, id: u8, value: &AnyValue) -> Result<Vec<u8>, Error> {
        self.writers[usize::from(id) - 1].encode(&value.json)
    }
}
