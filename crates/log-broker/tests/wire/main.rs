//! A broker over real sockets: what clients send, what hostile peers send, what survives a stop.

mod client;
mod hostile;
mod records;
mod start;
mod topics;
