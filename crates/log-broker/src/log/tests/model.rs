//! Random histories against a `Vec`.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Append(u8, usize),
    Flush,
    Maintain,
    DeleteTo(usize),
    Reopen { is_clean: bool },
    Crash(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (1_u8..6, 0_usize..120).prop_map(|(count, size)| Step::Append(count, size)),
        2 => Just(Step::Flush),
        1 => Just(Step::Maintain),
        1 => any::<usize>().prop_map(Step::DeleteTo),
        1 => any::<bool>().prop_map(|is_clean| Step::Reopen { is_clean }),
        1 => any::<u64>().prop_map(Step::Crash),
    ]
}

/// All values ever appended that may still be there, by offset, and the durable count.
#[derive(Debug, Default)]
struct Model {
    values: Vec<String>,
    durable: usize,
    start: usize,
}

impl Model {
    fn check(&mut self, log: &PartitionLog) {
        let bounds = log.bounds();
        assert!(bounds.log_start_offset <= bounds.last_stable_offset);
        assert!(bounds.last_stable_offset <= bounds.high_watermark);
        assert!(bounds.high_watermark <= bounds.log_end_offset);
        let readable = usize::try_from(bounds.high_watermark).unwrap();
        assert!(readable >= self.durable && readable <= self.values.len());
        assert_eq!(bounds.log_start_offset, i64::try_from(self.start).unwrap());
        let expected: Vec<_> = (0..).zip(self.values.iter().cloned()).collect();
        for from in [self.start, usize::midpoint(self.start, readable)] {
            // The flusher may make more readable at any time.
            let seen = read_from(log, i64::try_from(from).unwrap());
            let end = from + seen.len();
            assert!(end >= readable && end <= expected.len(), "{end} of {readable}");
            assert!(seen == expected[from..end], "other records than were appended");
        }
    }

    /// After a restart all there is counts as durable.
    fn restarted(&mut self, log: &PartitionLog) {
        let end = usize::try_from(log.bounds().log_end_offset).unwrap();
        assert!(end >= self.durable, "{end} records came back of {}", self.durable);
        assert!(end <= self.values.len());
        self.values.truncate(end);
        self.durable = end;
    }
}

fn run(steps: Vec<Step>) {
    let mut bench = Bench::new();
    let (mut dir, mut log) = bench.start();
    let mut model = Model::default();
    for (at, step) in steps.into_iter().enumerate() {
        match step {
            Step::Append(count, size) => {
                let values: Vec<String> =
                    (0..count).map(|n| format!("{at}-{n}-{}", "x".repeat(size))).collect();
                let borrowed: Vec<&str> = values.iter().map(String::as_str).collect();
                let batch = batch(&borrowed);
                match log.append(&batch, AppendOrigin::Client) {
                    Ok(appended) => {
                        let expected = i64::try_from(model.values.len()).unwrap();
                        assert_eq!(appended.base_offset, expected, "offsets are dense");
                        model.values.extend(values);
                    }
                    Err(AppendError::LargerThanSegment { .. }) => assert!(batch.len() > 600),
                    Err(error) => panic!("{error}"),
                }
            }
            Step::Flush => {
                log.flush().unwrap();
                model.durable = model.values.len();
            }
            Step::Maintain => {
                dir.maintain().unwrap();
                model.durable = model.values.len();
            }
            Step::DeleteTo(to) => {
                let to = to % (model.durable + 1);
                log.delete_records(i64::try_from(to).unwrap()).unwrap();
                model.start = model.start.max(to);
                model.durable = model.values.len();
            }
            Step::Reopen { is_clean } => {
                if is_clean {
                    dir.close().unwrap();
                    model.durable = model.values.len();
                }
                drop(dir);
                (dir, log) = bench.start();
                model.restarted(&log);
            }
            Step::Crash(seed) => {
                let disk = bench.disk.crash(seed);
                drop(dir);
                bench = Bench::on(disk);
                (dir, log) = bench.start();
                model.restarted(&log);
            }
        }
        model.check(&log);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn reads_equal_the_model_through_appends_restarts_and_crashes(
        steps in proptest::collection::vec(step(), 1..40)
    ) {
        run(steps);
    }
}
