//! One connection: frames in, replies out in the order of the requests.
