//! Seeds, and the sentence that tells which one failed.

use super::check::violations;
use super::faults::Fault;
use super::world::World;

/// Runs one seed with a fault planted; what is wrong at its end.
pub(super) fn run_with(seed: u64, fault: Fault) -> Vec<String> {
    let mut world = World::new(seed, fault);
    for _ in 0..36 {
        world.happen();
        world.run(2, 40);
    }
    world.clear_up();
    violations(&world)
}

#[test]
fn whatever_breaks_on_the_way_every_request_has_one_effect() {
    let one = std::env::var("LIANMU_SEED").ok().and_then(|text| text.parse().ok());
    let n_seeds: u64 = std::env::var("LIANMU_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let seeds = one.map_or(0..n_seeds, |seed: u64| seed..seed + 1);
    for seed in seeds {
        let wrong = run_with(seed, Fault::None);
        assert!(wrong.is_empty(), "LIANMU_SEED={seed}:\n  {}", wrong.join("\n  "));
    }
}
