;; What two threads add, subtract and turn at the same time all counts; bytes beside it do not change.

(module $Mem (memory (export "shared") 1 1 shared))

(thread $A (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
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
    (func (export "count") (param $n i32) (local $left i32)
      (call $meet (i32.const 1))
      (local.set $left (local.get $n))
      (loop $again
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (call $meet (i32.const 2))
      (loop $again
        (drop (i64.atomic.rmw.sub (i32.const 8) (i64.const 1)))
        (drop (i32.atomic.rmw16.add_u (i32.const 18) (i32.const 1)))
        (drop (i64.atomic.rmw.xor (i32.const 24) (i64.const 1)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  )
  (invoke "count" (i32.const 300001))
)

(thread $B (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
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
    (func (export "count") (param $n i32) (local $left i32)
      (call $meet (i32.const 1))
      (local.set $left (local.get $n))
      (loop $again
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
      (call $meet (i32.const 2))
      (loop $again
        (drop (i64.atomic.rmw.sub (i32.const 8) (i64.const 1)))
        (drop (i32.atomic.rmw16.add_u (i32.const 18) (i32.const 1)))
        (drop (i64.atomic.rmw.xor (i32.const 24) (i64.const 1)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  )
  (invoke "count" (i32.const 300001))
)

(wait $A)
(wait $B)

(register "mem" $Mem)
(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "i32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "i64") (param i32) (result i64) (i64.load (local.get 0)))
)
(assert_return (invoke "i32" (i32.const 0)) (i32.const 600002))
(assert_return (invoke "i64" (i32.const 8)) (i64.const -600002))
(assert_return (invoke "i32" (i32.const 16)) (i32.const 0x27c2_0000))
(assert_return (invoke "i32" (i32.const 20)) (i32.const 0))
(assert_return (invoke "i64" (i32.const 24)) (i64.const 0))
