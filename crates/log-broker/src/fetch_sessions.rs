//! Fetch sessions (KIP-227): what a client reads is remembered, so that its requests and our
//! answers name only what has changed.
//!
//! A session keeps its partitions in an order: those that were answered with records go to the
//! end, so that the ones behind them get their turn at the next response.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};

use kafka_protocol::ResponseError;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::TopicName;
use kafka_protocol::messages::fetch_request::{FetchPartition, ForgottenTopic};
use kafka_protocol::protocol::StrBytes;
use levada_kafka_wire::fetch::FetchedPartition;
use parking_lot::Mutex;
use uuid::Uuid;

use crate::log::FoundRecords;
use crate::topics::check_name;

/// Kafka's `max.incremental.fetch.session.cache.slots`.
const SESSIONS_MAX: usize = 1_000;
/// Kafka's `min.incremental.fetch.session.eviction.ms`: a session that was used since is not given
/// up for a new one.
const KEPT_MS: i64 = 2 * 60_000;

/// How many partitions a session remembers; a client with more asks in full every time.
const PARTITIONS_MAX: usize = 4_000;

const FULL_EPOCH: i32 = 0;
const CLOSING_EPOCH: i32 = -1;

/// A topic as the client names it: by name, or by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) name: TopicName,
    pub(crate) id: Uuid,
}

/// What was found of a partition. Records are never of no bytes.
pub(crate) type Fetched = FetchedPartition<FoundRecords>;

/// One partition to be read.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) topic: Named,
    pub(crate) partition: FetchPartition,
}

type Place<'a> = (Uuid, &'a TopicName, i32);

/// A request, completed by what its session remembers.
#[derive(Debug)]
pub(crate) struct Begun {
    pub(crate) asked: Vec<Asked>,
    session: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    /// To be made once the answer is known.
    New,
    Incremental(i32),
}

#[derive(Debug, Default)]
pub(crate) struct FetchSessions(Mutex<BTreeMap<i32, Session>>);

#[derive(Debug)]
struct Session {
    /// Of the next request.
    epoch: i32,
    by_id: bool,
    partitions: Vec<Remembered>,
    last_used_ms: i64,
}

#[derive(Debug)]
struct Remembered {
    asked: Asked,
    told: Told,
}

/// What the client knows of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Told {
    high_watermark: i64,
    log_start_offset: i64,
}

const NOTHING_TOLD: Told = Told { high_watermark: -1, log_start_offset: -1 };

impl FetchSessions {
    /// What `request` asks for.
    pub(crate) fn begin(
        &self,
        request: &FetchRequest,
        by_id: bool,
        now_ms: i64,
    ) -> Result<Begun, ResponseError> {
        let asked = || all_asked(request);
        match (request.session_id, request.session_epoch) {
            (id, CLOSING_EPOCH) => {
                self.0.lock().remove(&id);
                Ok(Begun { asked: asked(), session: Kind::None })
            }
            (id, FULL_EPOCH) => {
                self.0.lock().remove(&id);
                let asked = asked();
                // A session that remembers nothing is of no use.
                let session = if asked.is_empty() { Kind::None } else { Kind::New };
                Ok(Begun { asked, session })
            }
            (0, _) => Err(ResponseError::InvalidFetchSessionEpoch),
            (id, epoch) => {
                let mut sessions = self.0.lock();
                let session = sessions.get_mut(&id).ok_or(ResponseError::FetchSessionIdNotFound)?;
                if session.epoch != epoch {
                    return Err(ResponseError::InvalidFetchSessionEpoch);
                }
                if session.by_id != by_id {
                    return Err(ResponseError::FetchSessionTopicIdError);
                }
                session.update(request, asked(), now_ms);
                if !are_kept(session.partitions.iter().map(|one| &one.asked)) {
                    // The client asks in full then, and is given no session.
                    sessions.remove(&id);
                    return Err(ResponseError::FetchSessionIdNotFound);
                }
                let asked = session.partitions.iter().map(|one| one.asked.clone()).collect();
                Ok(Begun { asked, session: Kind::Incremental(id) })
            }
        }
    }

    /// The session's id, 0 for none, and what of `fetched` the client is to be told. `fetched` is
    /// in the order of what was asked for.
    pub(crate) fn finish(
        &self,
        begun: &Begun,
        by_id: bool,
        fetched: Vec<Fetched>,
        now_ms: i64,
    ) -> (i32, Vec<(Named, Fetched)>) {
        let all = || begun.asked.iter().map(|asked| asked.topic.clone());
        match begun.session {
            Kind::None => (0, all().zip(fetched).collect()),
            Kind::New => {
                let id = self.create(begun, by_id, &fetched, now_ms);
                (id, all().zip(fetched).collect())
            }
            Kind::Incremental(id) => {
                let mut sessions = self.0.lock();
                let named = all().zip(fetched).collect();
                match sessions.get_mut(&id) {
                    Some(session) => (id, session.tell(named)),
                    // It was given up meanwhile; the client will ask in full.
                    None => (id, named),
                }
            }
        }
    }

    fn create(&self, begun: &Begun, by_id: bool, fetched: &[Fetched], now_ms: i64) -> i32 {
        if !are_kept(begun.asked.iter()) {
            return 0;
        }
        let mut sessions = self.0.lock();
        if sessions.len() >= SESSIONS_MAX {
            let oldest = sessions.iter().min_by_key(|(_, session)| session.last_used_ms);
            match oldest.map(|(id, session)| (*id, session.last_used_ms)) {
                Some((id, used_ms)) if now_ms.saturating_sub(used_ms) > KEPT_MS => {
                    sessions.remove(&id);
                }
                _ => return 0,
            }
        }
        let id = loop {
            let [a, b, c, d, ..] = Uuid::new_v4().into_bytes();
            let id = i32::from_be_bytes([a & 0x7f, b, c, d]);
            if id != 0 && !sessions.contains_key(&id) {
                break id;
            }
        };
        let remember = |(asked, fetched): (&Asked, &Fetched)| Remembered {
            asked: asked.clone(),
            told: Told::of(fetched),
        };
        let partitions = begun.asked.iter().zip(fetched).map(remember).collect();
        sessions.insert(id, Session { epoch: 1, by_id, partitions, last_used_ms: now_ms });
        id
    }
}

impl Session {
    fn update(&mut self, request: &FetchRequest, asked: Vec<Asked>, now_ms: i64) {
        self.last_used_ms = now_ms;
        self.epoch = if self.epoch == i32::MAX { 1 } else { self.epoch + 1 };
        let places: HashMap<_, usize> =
            self.partitions.iter().zip(0..).map(|(one, at)| (one.asked.place(), at)).collect();
        let known: Vec<_> = asked.iter().map(|one| places.get(&one.place()).copied()).collect();
        for (asked, at) in asked.into_iter().zip(known) {
            match at.and_then(|at| self.partitions.get_mut(at)) {
                Some(known) => known.asked = asked,
                None => self.partitions.push(Remembered { asked, told: NOTHING_TOLD }),
            }
        }
        let forgotten: HashSet<Place<'_>> =
            request.forgotten_topics_data.iter().flat_map(places_of).collect();
        self.partitions.retain(|one| !forgotten.contains(&one.asked.place()));
    }

    /// What is news to the client; it counts as told. `fetched` is in the session's order.
    fn tell(&mut self, fetched: Vec<(Named, Fetched)>) -> Vec<(Named, Fetched)> {
        if fetched.len() != self.partitions.len() {
            // Used by two connections at once: whatever is told is right, nothing is remembered.
            return fetched;
        }
        let (mut news, mut waiting, mut served) = (Vec::new(), Vec::new(), Vec::new());
        for (mut known, (topic, partition)) in self.partitions.drain(..).zip(fetched) {
            let told = Told::of(&partition);
            let has_records = partition.records.is_some();
            let is_news = has_records
                || partition.error_code != 0
                || partition.diverging_epoch.is_some()
                || known.told != told;
            // After an error everything is news again.
            known.told = if partition.error_code == 0 { told } else { NOTHING_TOLD };
            if has_records { &mut served } else { &mut waiting }.push(known);
            if is_news {
                news.push((topic, partition));
            }
        }
        waiting.append(&mut served);
        self.partitions = waiting;
        news
    }
}

impl Told {
    fn of(fetched: &Fetched) -> Self {
        let Fetched { high_watermark, log_start_offset, .. } = *fetched;
        Self { high_watermark, log_start_offset }
    }
}

impl Asked {
    fn place(&self) -> Place<'_> {
        (self.topic.id, &self.topic.name, self.partition.partition)
    }
}

fn places_of(forgotten: &ForgottenTopic) -> impl Iterator<Item = Place<'_>> {
    forgotten.partitions.iter().map(|index| (forgotten.topic_id, &forgotten.topic, *index))
}

/// Whether a session may remember these: few enough, under names that a topic can have.
fn are_kept<'a>(mut asked: impl ExactSizeIterator<Item = &'a Asked>) -> bool {
    let is_short = |name: &TopicName| name.is_empty() || check_name(name).is_ok();
    asked.len() <= PARTITIONS_MAX && asked.all(|one| is_short(&one.topic.name))
}

/// Each partition once, where it was named first, as it was asked for last.
fn all_asked(request: &FetchRequest) -> Vec<Asked> {
    let mut asked: Vec<Asked> = Vec::new();
    let mut places = HashMap::<Place<'_>, usize>::new();
    for topic in &request.topics {
        // A session outlives the frame, of which a slice would keep all.
        let name = TopicName(StrBytes::from_string(topic.topic.to_string()));
        let named = Named { name, id: topic.topic_id };
        for partition in &topic.partitions {
            let place = (topic.topic_id, &topic.topic, partition.partition);
            let mut partition = partition.clone();
            partition.unknown_tagged_fields.clear();
            let one = Asked { topic: named.clone(), partition };
            match places.entry(place) {
                Entry::Occupied(known) => asked[*known.get()] = one,
                Entry::Vacant(new) => {
                    new.insert(asked.len());
                    asked.push(one);
                }
            }
        }
    }
    asked
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};
    use kafka_protocol::messages::fetch_request::FetchTopic;
    use kafka_protocol::protocol::{Decodable, Encodable};

    use super::*;

    const VERSION: i16 = 12;

    fn request(session: (i32, i32), name: &str, partitions: std::ops::Range<i32>) -> FetchRequest {
        let partitions = partitions.map(|index| {
            let tagged = BTreeMap::from([(99, Bytes::from_static(b"unknown"))]);
            let partition = FetchPartition::default().with_partition(index);
            partition.with_unknown_tagged_fields(tagged)
        });
        let topic = FetchTopic::default()
            .with_topic(TopicName(StrBytes::from_string(name.to_owned())))
            .with_partitions(partitions.collect());
        FetchRequest::default()
            .with_session_id(session.0)
            .with_session_epoch(session.1)
            .with_topics(vec![topic])
    }

    /// The id of the session that `request` leaves behind.
    fn asked(sessions: &FetchSessions, request: &FetchRequest) -> Result<i32, ResponseError> {
        let begun = sessions.begin(request, false, 0)?;
        let failed = |asked: &Asked| Fetched::failed(asked.partition.partition, 3);
        let fetched = begun.asked.iter().map(failed).collect();
        Ok(sessions.finish(&begun, false, fetched, 0).0)
    }

    #[test]
    fn sessions_hold_nothing_of_the_frames_they_were_asked_in() {
        let sessions = FetchSessions::default();
        let mut session = (0, 0);
        for _ in 0..2 {
            let mut frame = BytesMut::new();
            let first = session.1 * 2;
            request(session, "t", first..first + 2).encode(&mut frame, VERSION).unwrap();
            let frame = frame.freeze();
            let decoded = FetchRequest::decode(&mut frame.clone(), VERSION).unwrap();
            session = (asked(&sessions, &decoded).unwrap(), session.1 + 1);
            drop(decoded);
            assert!(frame.is_unique());
        }
        assert_eq!(sessions.0.lock()[&session.0].partitions.len(), 4);
    }

    #[test]
    fn more_partitions_than_a_session_remembers_are_asked_in_full() {
        let sessions = FetchSessions::default();
        let max = i32::try_from(PARTITIONS_MAX).unwrap();
        assert_eq!(asked(&sessions, &request((0, 0), "t", 0..max + 1)), Ok(0));
        assert_eq!(asked(&sessions, &request((0, 0), &"t".repeat(250), 0..1)), Ok(0));
        let id = asked(&sessions, &request((0, 0), "t", 0..max)).unwrap();
        assert_ne!(id, 0);
        assert_eq!(asked(&sessions, &request((id, 1), "t", 0..max)), Ok(id));
        let one_more = asked(&sessions, &request((id, 2), "t", max..max + 1));
        assert_eq!(one_more, Err(ResponseError::FetchSessionIdNotFound));
        assert!(sessions.0.lock().is_empty());
    }
}
