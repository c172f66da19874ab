;; Store buffering: atomic operators have one order, so at least one of two loads sees the store of the other thread.

(module $Mem (memory (export "shared") 8 8 shared))

(thread $A (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 8 8 shared)
    ;; Meets the other thread for the $round-th time: spins for a while, then sleeps.
    (func $meet (param $round i32) (local $now i32) (local $spins i32)
      (drop (i32.atomic.rmw.add (i32.const 128) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 128) (i32.const -1)))
      (block $done
        (loop $again
          (local.set $now (i32.atomic.load (i32.const 128)))
          (br_if $done (i32.ge_u (local.get $now) (i32.mul (local.get $round) (i32.const 2))))
          (local.set $spins (i32.add (local.get $spins) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $spins) (i32.const 20000)))
          (drop (memory.atomic.wait32 (i32.const 128) (local.get $now) (i64.const -1)))
          (br $again))))
    (func (export "run") (param $own i32) (param $other i32) (param $seen i32) (param $rounds i32) (local $round i32)
      (loop $next
        (local.set $round (i32.add (local.get $round) (i32.const 1)))
        (local.set $own (i32.add (local.get $own) (i32.const 64)))
        (local.set $other (i32.add (local.get $other) (i32.const 64)))
        (local.set $seen (i32.add (local.get $seen) (i32.const 4)))
        ;; Both cells are near both threads, so that a store takes longer than a load.
        (drop (i32.atomic.load (local.get $own)))
        (drop (i32.atomic.load (local.get $other)))
        (call $meet (local.get $round))
        (i32.atomic.store (local.get $own) (i32.const 1))
        (i32.store (local.get $seen) (i32.atomic.load (local.get $other)))
        (br_if $next (i32.lt_u (local.get $round) (local.get $rounds)))))
  )
  (invoke "run" (i32.const 0x10000) (i32.const 0x40000) (i32.const 0x1000) (i32.const 1000))
)

(thread $B (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 8 8 shared)
    ;; Meets the other thread for the $round-th time: spins for a while, then sleeps.
    (func $meet (param $round i32) (local $now i32) (local $spins i32)
      (drop (i32.atomic.rmw.add (i32.const 128) (i32.const 1)))
      (drop (memory.atomic.notify (i32.const 128) (i32.const -1)))
      (block $done
        (loop $again
          (local.set $now (i32.atomic.load (i32.const 128)))
          (br_if $done (i32.ge_u (local.get $now) (i32.mul (local.get $round) (i32.const 2))))
          (local.set $spins (i32.add (local.get $spins) (i32.const 1)))
          (br_if $again (i32.lt_u (local.get $spins) (i32.const 20000)))
          (drop (memory.atomic.wait32 (i32.const 128) (local.get $now) (i64.const -1)))
          (br $again))))
    (func (export "run") (param $own i32) (param $other i32) (param $seen i32) (param $rounds i32) (local $round i32)
      (loop $next
        (local.set $round (i32.add (local.get $round) (i32.const 1)))
        (local.set $own (i32.add (local.get $own) (i32.const 64)))
        (local.set $other (i32.add (local.get $other) (i32.const 64)))
        (local.set $seen (i32.add (local.get $seen) (i32.const 4)))
        ;; Both cells are near both threads, so that a store takes longer than a load.
        (drop (i32.atomic.load (local.get $own)))
        (drop (i32.atomic.load (local.get $other)))
        (call $meet (local.get $round))
        (i32.atomic.store (local.get $own) (i32.const 1))
        (i32.store (local.get $seen) (i32.atomic.load (local.get $other)))
        (br_if $next (i32.lt_u (local.get $round) (local.get $rounds)))))
  )
  (invoke "run" (i32.const 0x40000) (i32.const 0x10000) (i32.const 0x4000) (i32.const 1000))
)

(wait $A)
(wait $B)

(register "mem" $Mem)
(module
  (memory (import "mem" "shared") 8 8 shared)
  (func (export "both_missed") (param $rounds i32) (result i32) (local $round i32) (local $count i32)
    (loop $next
      (local.set $round (i32.add (local.get $round) (i32.const 1)))
      (local.set $count (i32.add (local.get $count) (i32.eqz (i32.or
        (i32.load offset=0x1000 (i32.shl (local.get $round) (i32.const 2)))
        (i32.load offset=0x4000 (i32.shl (local.get $round) (i32.const 2)))))))
      (br_if $next (i32.lt_u (local.get $round) (local.get $rounds))))
    (local.get $count))
)
(assert_return (invoke "both_missed" (i32.const 1000)) (i32.const 0))
