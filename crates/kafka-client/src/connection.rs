//! One connection to one broker: requests and answers in turn, in versions that both know.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use kafka_protocol::messages::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader,
};
use kafka_protocol::protocol::{Decodable, Encodable, HeaderVersion, Request, StrBytes};
use levada_kafka_wire::frame::{LENGTH_BYTES, frame_length};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::{KafkaError, no_frame};

/// Longest answer that is read. Fetches ask for far less; what is longer is no answer of a broker.
const ANSWER_BYTES_MAX: usize = 128 << 20;
/// How long a broker may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
const CLIENT_ID: StrBytes = StrBytes::from_static_str("levada");

pub(crate) struct Connection {
    address: String,
    stream: TcpStream,
    correlation_id: i32,
    /// What the broker serves, by api key.
    versions: BTreeMap<i16, RangeInclusive<i16>>,
    timeout: Duration,
}

impl Connection {
    /// Connects and asks which requests are served; `Err` of the first part is words.
    pub(crate) async fn open(address: &str, timeout: Duration) -> Result<Self, OpenError> {
        let connecting =
            tokio::time::timeout(CONNECT_WITHIN.min(timeout), TcpStream::connect(address));
        let stream = match connecting.await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(OpenError::Unreachable(error.to_string())),
            Err(_) => return Err(OpenError::Unreachable("it does not answer".to_owned())),
        };
        // One small request at a time: waiting for more to send would only delay it.
        stream.set_nodelay(true).map_err(|error| OpenError::Unreachable(error.to_string()))?;
        let (address, versions) = (address.to_owned(), BTreeMap::new());
        let mut opened = Self { address, stream, correlation_id: 0, versions, timeout };
        opened.negotiate().await.map_err(OpenError::Broken)?;
        Ok(opened)
    }

    /// Version 0 is the one that every broker answers.
    async fn negotiate(&mut self) -> Result<(), KafkaError> {
        let answer: ApiVersionsResponse = self.send(0, &ApiVersionsRequest::default()).await?;
        KafkaError::check(answer.error_code, || format!("{}: versions", self.address))?;
        let apis = answer.api_keys.iter();
        self.versions = apis.map(|api| (api.api_key, api.min_version..=api.max_version)).collect();
        Ok(())
    }

    /// Sends a request in the newest of `versions` that the broker serves, and waits for the answer.
    pub(crate) async fn call<R: Request>(
        &mut self,
        versions: RangeInclusive<i16>,
        request: &R,
    ) -> Result<R::Response, KafkaError> {
        let version = self.version::<R>(&versions)?;
        self.send(version, request).await
    }

    /// Whether the broker serves a request in one of `versions`.
    pub(crate) fn serves<R: Request>(&self, versions: &RangeInclusive<i16>) -> bool {
        self.version::<R>(versions).is_ok()
    }

    fn version<R: Request>(&self, versions: &RangeInclusive<i16>) -> Result<i16, KafkaError> {
        let (min, max) = (*versions.start(), *versions.end());
        let served = self.versions.get(&R::KEY);
        let newest = served.map(|served| max.min(*served.end()));
        newest
            .filter(|newest| {
                versions.contains(newest) && served.is_some_and(|it| it.contains(newest))
            })
            .ok_or_else(|| KafkaError::Unsupported {
                address: self.address.clone(),
                request: name_of::<R>(),
                min,
                max,
            })
    }

    async fn send<R: Request>(
        &mut self,
        version: i16,
        request: &R,
    ) -> Result<R::Response, KafkaError> {
        let answering = tokio::time::timeout(self.timeout, self.exchange(version, request));
        let Ok(answer) = answering.await else {
            let (address, request) = (self.address.clone(), name_of::<R>());
            return Err(KafkaError::TimedOut { address, request, waited: self.timeout });
        };
        let mut answer = answer?;
        let header = R::Response::header_version(version);
        let id = ResponseHeader::decode(&mut answer, header).map(|header| header.correlation_id);
        match id {
            Ok(id) if id == self.correlation_id => {}
            _ => return Err(self.invalid("it answers another request")),
        }
        R::Response::decode(&mut answer, version).map_err(|error| {
            self.invalid(&format!("{} version {version}: {error}", name_of::<R>()))
        })
    }

    async fn exchange<R: Request>(
        &mut self,
        version: i16,
        request: &R,
    ) -> Result<Bytes, KafkaError> {
        self.correlation_id = self.correlation_id.wrapping_add(1);
        let mut frame = BytesMut::new();
        frame.extend_from_slice(&[0; LENGTH_BYTES]);
        let header = RequestHeader::default()
            .with_request_api_key(R::KEY)
            .with_request_api_version(version)
            .with_correlation_id(self.correlation_id)
            .with_client_id(Some(CLIENT_ID));
        let encoded = header
            .encode(&mut frame, R::header_version(version))
            .and_then(|()| request.encode(&mut frame, version));
        let unsendable = |reason| KafkaError::Unsendable { what: name_of::<R>(), reason };
        encoded.map_err(|error| unsendable(error.to_string()))?;
        let length = i32::try_from(frame.len() - LENGTH_BYTES)
            .map_err(|_| unsendable(format!("it has {} bytes", frame.len())))?;
        if let Some(place) = frame.first_chunk_mut() {
            *place = length.to_be_bytes();
        }
        self.stream.write_all(&frame).await.map_err(|error| self.disconnected(&error))?;
        self.receive().await
    }

    async fn receive(&mut self) -> Result<Bytes, KafkaError> {
        let mut prefix = [0; LENGTH_BYTES];
        self.stream.read_exact(&mut prefix).await.map_err(|error| self.disconnected(&error))?;
        let length = frame_length(prefix, ANSWER_BYTES_MAX)
            .map_err(|error| no_frame(&self.address, &error))?;
        // Memory follows the bytes that really come.
        let mut answer = BytesMut::new();
        let mut limited = (&mut self.stream).take(u64::try_from(length).unwrap_or(u64::MAX));
        while answer.len() < length {
            match limited.read_buf(&mut answer).await {
                Ok(0) => return Err(self.disconnected(&std::io::ErrorKind::UnexpectedEof.into())),
                Ok(_) => {}
                Err(error) => return Err(self.disconnected(&error)),
            }
        }
        Ok(answer.copy_to_bytes(length))
    }

    fn disconnected(&self, error: &std::io::Error) -> KafkaError {
        KafkaError::Disconnected { address: self.address.clone(), reason: error.to_string() }
    }

    fn invalid(&self, reason: &str) -> KafkaError {
        KafkaError::InvalidAnswer { address: self.address.clone(), reason: reason.to_owned() }
    }
}

/// Why there is no connection.
pub(crate) enum OpenError {
    /// Nobody is there.
    Unreachable(String),
    /// Whoever is there does not answer as a broker does.
    Broken(KafkaError),
}

fn name_of<R: Request>() -> String {
    ApiKey::try_from(R::KEY).map_or_else(|()| R::KEY.to_string(), |key| format!("{key:?}"))
}
