//! The bit sets of operations a caller may do. There are no access rules, so it may do all.

/// Create, alter, describe, cluster action, describe and alter configs, idempotent write.
pub(crate) const CLUSTER: i32 = bits(&[5, 7, 8, 9, 10, 11, 12]);
/// Read, write, create, delete, alter, describe, describe and alter configs.
pub(crate) const TOPIC: i32 = bits(&[3, 4, 5, 6, 7, 8, 10, 11]);
/// Read, delete, describe.
pub(crate) const GROUP: i32 = bits(&[3, 6, 8]);

/// `operations` if the request asks for them, else what the field holds without.
pub(crate) fn asked(is_asked: bool, operations: i32) -> i32 {
    if is_asked { operations } else { i32::MIN }
}

const fn bits(operations: &[u32]) -> i32 {
    let mut set = 0;
    let mut at = 0;
    while at < operations.len() {
        set |= 1 << operations[at];
        at += 1;
    }
    set
}
