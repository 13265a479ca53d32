use super::*;
use proptest::prelude::*;

fn near() -> usize {
    near as *const () as usize
}

/// Writes `mov eax, value; ret`.
fn write_constant(block: &Block, value: u32) {
    let mut code = [0xb8, 0, 0, 0, 0, 0xc3];
    code[1..5].copy_from_slice(&value.to_le_bytes());
    // SAFETY: blocks are at least 16 bytes, and the block is not sealed.
    unsafe { block.write().copy_from_nonoverlapping(code.as_ptr(), code.len()) };
    block.seal().unwrap();
}

fn call(run: *const u8) -> u32 {
    // SAFETY: a function that `write_constant` wrote.
    unsafe { std::mem::transmute::<*const u8, extern "C" fn() -> u32>(run)() }
}

fn constant(memory: &CodeMemory, value: u32) -> Block {
    let block = memory.allocate(6).unwrap();
    write_constant(&block, value);
    block
}

#[test]
fn code_runs_near_what_it_calls() {
    for kind in [Kind::Dual, Kind::Single] {
        let memory = CodeMemory::with_kind(16, near(), Some(kind)).unwrap();
        assert!(memory.reaches(near()));
        assert!(!memory.reaches(near() ^ 1 << 40));
        let blocks: Vec<Block> = (0..100).map(|n| constant(&memory, n)).collect();
        for (n, block) in blocks.iter().enumerate() {
            assert_eq!(call(block.run()), n as u32);
            assert!(memory.contains(block.run() as usize) && (block.run() as usize).is_multiple_of(ALIGNMENT));
        }
        assert_eq!(memory.stats().blocks, 100);
        assert_eq!(memory.stats().dual, kind == Kind::Dual);
    }
}

#[test]
fn code_goes_on_running_where_huge_pages_take_over() {
    let memory = CodeMemory::with_kind(9, near(), Some(Kind::Dual)).unwrap();
    let blocks: Vec<Block> = (0..80)
        .map(|n| {
            let block = memory.allocate(100 << 10).unwrap();
            write_constant(&block, n);
            block
        })
        .collect();
    assert!(memory.stats().high_water > 3 * HUGE);
    for (n, block) in blocks.iter().enumerate() {
        assert_eq!(call(block.run()), n as u32);
    }
}

#[test]
fn memory_is_never_writable_and_executable() {
    for kind in [Kind::Dual, Kind::Single] {
        let memory = CodeMemory::with_kind(1, near(), Some(kind)).unwrap();
        let _sealed = constant(&memory, 1);
        let _open = memory.allocate(100).unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        assert!(maps.lines().all(|line| !line.contains("rwx")), "{maps}");
    }
}

#[test]
fn the_limit_is_an_error_and_freed_memory_is_used_again() {
    let memory = CodeMemory::new(1, near()).unwrap();
    assert!(matches!(CodeMemory::new(0, near()), Err(MemoryError::BadLimit(0))));
    assert!(matches!(memory.allocate(1 << 20), Err(MemoryError::Full(_))));
    let mut blocks = Vec::new();
    let full = loop {
        match memory.allocate(10_000) {
            Ok(block) => blocks.push(block),
            Err(error) => break error,
        }
    };
    assert!(matches!(full, MemoryError::Full(10_000)));
    assert_eq!(blocks.len(), (1 << 20) / 10_000);
    let high = memory.stats().high_water;
    let freed = blocks.swap_remove(50).run();
    assert_eq!(memory.allocate(10_000).unwrap().run(), freed);
    blocks.clear();
    assert_eq!(memory.stats(), MemoryStats { used: 0, blocks: 0, free_ranges: 1, high_water: high, ..memory.stats() });
    assert!(memory.allocate(1_000_000).is_ok());
}

#[test]
fn blocks_keep_the_memory_alive() {
    let memory = CodeMemory::new(1, near()).unwrap();
    let block = constant(&memory, 7);
    drop(memory);
    assert_eq!(call(block.run()), 7);
}

/// Runs `work` in a forked child; says whether it was true there.
fn in_fork(work: impl FnOnce() -> bool) -> bool {
    // SAFETY: the child calls nothing but `work`, which only uses code memory and pipes.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).unwrap_or(false);
        // SAFETY: ends the child without running the test harness's handlers.
        unsafe { libc::_exit(i32::from(!good)) };
    }
    let mut status = 0;
    // SAFETY: our child.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    status == 0
}

#[test]
fn a_forked_child_does_not_write_into_its_parents_code() {
    for kind in [Kind::Dual, Kind::Single] {
        let memory = CodeMemory::with_kind(4, near(), Some(kind)).unwrap();
        let block = constant(&memory, 1);
        let run = block.run();
        let mut block = Some(block);
        let good = in_fork(|| {
            let before = call(run);
            drop(block.take());
            let again = constant(&memory, 2);
            let grandchild = in_fork(|| call(run) == 2 && call(constant(&memory, 3).run()) == 3);
            before == 1 && again.run() == run && call(run) == 2 && grandchild
        });
        assert!(good);
        assert_eq!(call(run), 1);
        drop(block);
        assert_eq!(call(constant(&memory, 4).run()), 4);
    }
}

#[test]
fn a_parent_does_not_write_into_its_childs_code() {
    let memory = CodeMemory::new(4, near()).unwrap();
    let block = constant(&memory, 1);
    let run = block.run();
    let (mut reader, mut writer) = std::io::pipe().unwrap();
    // SAFETY: the child only reads a pipe, runs code and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        use std::io::Read;
        let waited = reader.read_exact(&mut [0]).is_ok();
        // SAFETY: ends the child without running the test harness's handlers.
        unsafe { libc::_exit(i32::from(!(waited && call(run) == 1))) };
    }
    drop(block);
    let again = constant(&memory, 2);
    assert_eq!((again.run(), call(run)), (run, 2));
    std::io::Write::write_all(&mut writer, &[0]).unwrap();
    let mut status = 0;
    // SAFETY: our child.
    unsafe { libc::waitpid(child, &mut status, 0) };
    assert_eq!(status, 0);
}

#[test]
fn without_room_for_a_copy_a_child_still_runs_what_it_has() {
    let memory = CodeMemory::new(4, near()).unwrap();
    let block = constant(&memory, 1);
    let run = block.run();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: valid pointers. With no descriptor left, no copy can be made.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    let none = libc::rlimit { rlim_cur: 0, ..limit };
    // SAFETY: as above.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &none) };
    let good = in_fork(|| call(run) == 1 && matches!(memory.allocate(1), Err(MemoryError::Forked)));
    // SAFETY: as above.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &limit) };
    assert!(good);
    drop(block);
    let other = constant(&memory, 2);
    assert_ne!(other.run(), run);
    assert_eq!((call(run), call(other.run())), (1, 2));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    /// Code stays what it is while other code comes and goes.
    #[test]
    fn live_code_is_never_overwritten(steps in proptest::collection::vec((any::<bool>(), 6usize..3000, any::<prop::sample::Index>()), 1..150)) {
        let memory = CodeMemory::new(1, near()).unwrap();
        let mut live: Vec<(u32, Block)> = Vec::new();
        for (n, (allocates, size, which)) in steps.into_iter().enumerate() {
            if allocates {
                let block = memory.allocate(size).unwrap();
                // SAFETY: fresh and as long as it says.
                unsafe { block.write().write_bytes(0xcc, block.len()) };
                write_constant(&block, n as u32);
                live.push((n as u32, block));
            } else if !live.is_empty() {
                live.swap_remove(which.index(live.len()));
            }
            for (value, block) in &live {
                prop_assert_eq!(call(block.run()), *value);
            }
        }
    }
}
