//! Every format of one report, against a file with what is expected.
