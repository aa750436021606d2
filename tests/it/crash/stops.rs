//! A process that is asked to end while it runs: between two effects it leaves the run to the next process; where somebody is
//! parked, or the app paused, it ends that first.

use super::bench::Life;
use super::open::whole;
use super::scenes::Scene;
use reanchor::saga::journal::{End, fold};
use reanchor::saga::next::exposed;
use reanchor::saga::run::Left;

#[test]
fn a_process_that_is_asked_to_end_leaves_nobody_parked_and_nothing_paused() {
    let (mut left, mut finished) = (0, 0);
    for scene in Scene::ALL.into_iter().chain(Scene::OPEN) {
        let bench = scene.set();
        let rows = whole(&bench);
        for after in 0..rows.len() {
            let run = bench.fork(bench.save());
            {
                let mut s = run.world.lock();
                s.stop_after = Some(after);
                s.stopping = after == 0;
            }
            let about = format!("{scene:?}, asked to end after row {after}");
            let life = run.life(None);
            assert!(matches!(life, Life::Left(Left::Stopping)), "{about}: {life:?}\n{}", run.story());
            assert!(!run.is_open(), "{about}: somebody is parked, or the app paused\n{}", run.story());
            let pending = fold(&run.save().events()).unwrap().pending;
            assert_eq!(pending, None, "{about}: an effect is half done\n{}", run.story());
            left += 1;
            finished += usize::from(exposed(&bench.plan, &fold(&rows[..after]).unwrap()));
            {
                let mut s = run.world.lock();
                (s.stop_after, s.stopping) = (None, false);
            }
            let end = run.finish();
            assert_eq!((&end, run.judge(&end)), (&Ok(End::Verified), Ok(())), "{about}\n{}", run.story());
        }
    }
    assert!(left > 180 && finished > 40, "{left} left, in {finished} of them somebody was parked, or the app paused");
}
