//! The REST API: one file a resource, the table of routes, and what surrounds every request.

mod association_batches;
mod associations;
mod audit;
mod bounds;
mod compatibility;
mod config;
mod context_path;
mod contexts;
mod contract;
mod convert;
mod deks;
mod error;
mod exchange;
mod extract;
mod front;
mod health;
mod keks;
mod layers;
mod media_type;
mod mode;
mod openapi;
mod parameters;
mod render;
mod reply;
mod root;
mod route;
mod router;
mod schemas;
mod subjects;
mod versions;
mod watch;

pub(crate) use front::Front;
pub(crate) use router::{front, refusing};
