;; What two threads add, subtract and turn at the same time all counts; bytes beside it do not change.

(module $Mem (memory (export "shared") 1 1 shared))

(thread $A (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "count") (param $n i32)
      (loop $again
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (i64.atomic.rmw.sub (i32.const 8) (i64.const 1)))
        (drop (i32.atomic.rmw16.add_u (i32.const 18) (i32.const 1)))
        (drop (i64.atomic.rmw.xor (i32.const 24) (i64.const 1)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  )
  (invoke "count" (i32.const 10001))
)

(thread $B (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "count") (param $n i32)
      (loop $again
        (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
        (drop (i64.atomic.rmw.sub (i32.const 8) (i64.const 1)))
        (drop (i32.atomic.rmw16.add_u (i32.const 18) (i32.const 1)))
        (drop (i64.atomic.rmw.xor (i32.const 24) (i64.const 1)))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  )
  (invoke "count" (i32.const 10001))
)

(wait $A)
(wait $B)

(register "mem" $Mem)
(module
  (memory (import "mem" "shared") 1 1 shared)
  (func (export "i32") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "i64") (param i32) (result i64) (i64.load (local.get 0)))
)
(assert_return (invoke "i32" (i32.const 0)) (i32.const 20002))
(assert_return (invoke "i64" (i32.const 8)) (i64.const -20002))
(assert_return (invoke "i32" (i32.const 16)) (i32.const 0x4e22_0000))
(assert_return (invoke "i32" (i32.const 20)) (i32.const 0))
(assert_return (invoke "i64" (i32.const 24)) (i64.const 0))
