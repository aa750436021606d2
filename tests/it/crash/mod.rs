//! The crash matrix of the saga core: every world x every fault of every write x a death at every point x a second death at
//! every later point that leaves something else behind; every fact of a plan's snapshot moved before the run and between its
//! effects; freeze, wrong account, another plan, an old journal, a lost lease; some thousands of random schedules.
//!
//! Never real time, sockets or files: the vendors, the clock, the leases and the journal are one value in memory ([`model`]),
//! a process is a future that is polled once, and a death drops it.
//!
//! Begin with [`matrix`], then [`bench`] (what must be true of every run), then `State::audit` in [`model`] (what must be true
//! of every write as it is sent).
//!
//! Each of these mutants was planted by itself and seen to be killed:
//!
//! | mutant | where | killed by (among others) |
//! |---|---|---|
//! | a change that is there already is not recognized | `run::prepare` | `by_group_given_back_at_once`, `a_run_that_lay_for_half_an_hour…`, random |
//! | no intent row before the write | `run::write` | every world of the matrix, random |
//! | the answer is trusted, nothing is read | `run::settle` | `replaced`, `expired`, `by_group` (lagging reads) |
//! | a write without an answer is sent again at once | `run::settle` | `replaced`, `restorable` (`LostAndLag`), random |
//! | the kill switch is ignored | `run::prepare` | `a_freeze_stops_every_further_write…` |
//! | the world is not checked | `run::prepare` | `a_fact_that_moved_before_the_run…`, `a_fact_that_moves_between…` |
//! | the world is checked before the first write only | `run::world` | `a_fact_that_moves_between_two_effects…` |
//! | the digest is not compared | `Approved::covers` | `an_approval_of_another_plan_permits_nothing` |
//! | the lease is not checked before the write | `perform::permitted`, `run::write` | `a_holder_that_lost_its_lease…` |
//! | a resumed run always has the full scope | `approval::resume` | `a_run_that_lay_for_half_an_hour…`, `replaced`, `restorable`, random |
//! | a new holder does not wait for the last call of the old one | `run::run` | `replaced`, `restorable` (`Late`) |
//! | a refused repetition counts as "not made" at once | `run::settle` | `restorable`, random |
//! | a stop is recorded without a last look | `run::run` | random |
//! | rules about the time before a new account hold on | `run::world` | three tests of `drift` (world `GroupExpired`) |
//! | three intents for one write | `next::ATTEMPTS` | `replaced`, `restorable` (two deaths and a lost request) |
//! | a conversion frees the whole assignment | `Effect::moves` | `a_fact_that_moves_between_two_effects…` |
//! | a target that somebody else changed is told as if it were known | `next::left_after` | `a_fact_that_moves_between_two_effects…` |
//! | somebody else's change is taken for the run's own | `run::not_ours` | both tests of moved facts |

mod bench;
mod drift;
mod matrix;
mod model;
mod open;
mod parking;
mod pause;
mod ports;
mod random;
mod scenes;
mod stops;
mod vendors;
mod words;
