//! Seeds, and the sentence that tells which one failed.

use super::check::violations;
use super::faults::Fault;
use super::world::{Extent, World};

/// Runs one seed with a fault planted; what is wrong at its end.
pub(super) fn run_with(seed: u64, fault: Fault, extent: Extent) -> (Vec<String>, World) {
    let mut world = World::new(seed, fault, extent);
    while !world.is_over() {
        world.happen();
        world.run(2, 40);
    }
    world.clear_up();
    (violations(&world), world)
}

#[test]
fn whatever_breaks_on_the_way_every_request_has_one_effect() {
    let one = std::env::var("LIANMU_SEED").ok().and_then(|text| text.parse().ok());
    let n_seeds: u64 = std::env::var("LIANMU_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(100);
    let seeds = one.map_or(0..n_seeds, |seed: u64| seed..seed + 1);
    let (mut n_requests, mut n_put_back, mut n_hub_put_back) = (0, 0, 0);
    for seed in seeds {
        for extent in [Extent::SMALL, Extent::WHOLE] {
            let (wrong, world) = run_with(seed, Fault::None, extent);
            let n = extent.n_branches;
            assert!(wrong.is_empty(), "LIANMU_SEED={seed}, {n} branches:\n  {}", wrong.join("\n  "));
            n_requests += world.machines.iter().map(|machine| machine.accepted.len()).sum::<usize>();
            n_put_back += world.n_put_back;
            n_hub_put_back += world.n_hub_put_back;
        }
    }
    println!("{n_requests} requests, {n_put_back} disks of branches put back, {n_hub_put_back} of the hub");
}
