//! What the disk alone needs for what the bot stores before it answers: so that a reader sees which part of a figure is the
//! disk's. No database and no bot are in it.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the log of the database grows by for one report: a page of its table, one of the keys and one of what waits, now and
/// then a new one (a test of the store counts them), and what stands before each.
const BYTES: usize = 4 * (4096 + 24);
/// One report each 40 ms, as at a steady 100/s with 1 in 4 a report.
const PACE: Duration = Duration::from_millis(40);
/// The file is written once from end to end first, as the log of a database that has been in use for a while.
const SIZE: usize = 256 * BYTES;

/// The times of writing and flushing, sorted, for so long at that pace.
pub(crate) fn alone(folder: &Path, length: Duration) -> Vec<Duration> {
    let path = folder.join("disk-alone");
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path).unwrap();
    file.write_all_at(&vec![1; SIZE], 0).unwrap();
    file.sync_all().unwrap();
    let (bytes, begun) = (vec![2; BYTES], Instant::now());
    let (mut times, mut due, mut place) = (Vec::new(), begun, 0);
    while due < begun + length {
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let start = Instant::now();
        file.write_all_at(&bytes, place).unwrap();
        file.sync_data().unwrap();
        times.push(start.elapsed());
        place = (place + BYTES as u64) % (SIZE as u64);
        due += PACE;
    }
    std::fs::remove_file(&path).unwrap();
    times.sort_unstable();
    times
}
