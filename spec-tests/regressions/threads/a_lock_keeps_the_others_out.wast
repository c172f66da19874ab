;; A lock of compare-exchange, wait and notify: plain accesses under it never race, and nobody sleeps for ever.

(module $Mem (memory (export "shared") 1 1 shared))

(thread $A (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    ;; 0: free, 1: taken, 2: taken and waited for
    (func $lock (local $state i32)
      (local.set $state (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1)))
      (block $mine
        (br_if $mine (i32.eqz (local.get $state)))
        (loop $again
          (if (i32.or (i32.eq (local.get $state) (i32.const 2))
                (i32.ne (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 1) (i32.const 2)) (i32.const 0)))
            (then (drop (memory.atomic.wait32 (i32.const 0) (i32.const 2) (i64.const -1)))))
          (local.set $state (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 2)))
          (br_if $again (local.get $state)))))
    (func $unlock
      (if (i32.ne (i32.atomic.rmw.sub (i32.const 0) (i32.const 1)) (i32.const 1))
        (then
          (i32.atomic.store (i32.const 0) (i32.const 0))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))
    (func (export "count") (param $n i32)
      (loop $again
        (call $lock)
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (i64.store (i32.const 72) (i64.sub (i64.load (i32.const 72)) (i64.const 1)))
        (call $unlock)
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  )
  (invoke "count" (i32.const 3000))
)

(thread $B (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    ;; 0: free, 1: taken, 2: taken and waited for
    (func $lock (local $state i32)
      (local.set $state (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1)))
      (block $mine
        (br_if $mine (i32.eqz (local.get $state)))
        (loop $again
          (if (i32.or (i32.eq (local.get $state) (i32.const 2))
                (i32.ne (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 1) (i32.const 2)) (i32.const 0)))
            (then (drop (memory.atomic.wait32 (i32.const 0) (i32.const 2) (i64.const -1)))))
          (local.set $state (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 2)))
          (br_if $again (local.get $state)))))
    (func $unlock
      (if (i32.ne (i32.atomic.rmw.sub (i32.const 0) (i32.const 1)) (i32.const 1))
        (then
          (i32.atomic.store (i32.const 0) (i32.const 0))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))
    (func (export "count") (param $n i32)
      (loop $again
        (call $lock)
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (i64.store (i32.const 72) (i64.sub (i64.load (i32.const 72)) (i64.const 1)))
        (call $unlock)
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  )
  (invoke "count" (i32.const 3000))
)

(thread $C (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    ;; 0: free, 1: taken, 2: taken and waited for
    (func $lock (local $state i32)
      (local.set $state (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 1)))
      (block $mine
        (br_if $mine (i32.eqz (local.get $state)))
        (loop $again
          (if (i32.or (i32.eq (local.get $state) (i32.const 2))
                (i32.ne (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 1) (i32.const 2)) (i32.const 0)))
            (then (drop (memory.atomic.wait32 (i32.const 0) (i32.const 2) (i64.const -1)))))
          (local.set $state (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 2)))
          (br_if $again (local.get $state)))))
    (func $unlock
      (if (i32.ne (i32.atomic.rmw.sub (i32.const 0) (i32.const 1)) (i32.const 1))
        (then
          (i32.atomic.store (i32.const 0) (i32.const 0))
          (drop (memory.atomic.notify (i32.const 0) (i32.const 1))))))
    (func (export "count") (param $n i32)
      (loop $again
        (call $lock)
        (i32.store (i32.const 64) (i32.add (i32.load (i32.const 64)) (i32.const 1)))
        (i64.store (i32.const 72) (i64.sub (i64.load (i32.const 72)) (i64.const 1)))
        (call $unlock)
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  )
  (invoke "count" (i32.const 3000))
)

(wait $A)
(wait $B)
(wait $C)

(register "mem" $Mem)
(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "counts") (result i32 i64) (i32.load (i32.const 64)) (i64.load (i32.const 72)))
)
(assert_return (invoke "counts") (i32.const 9000) (i64.const -9000))
