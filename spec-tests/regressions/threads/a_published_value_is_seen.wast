;; Message passing: whoever sees the atomic flag sees the plain writes before it.

(module $Mem (memory (export "shared") 1 1 shared))

(thread $Writer (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    (func (export "publish") (param $rounds i32) (local $round i32)
      (loop $next
        (local.set $round (i32.add (local.get $round) (i32.const 1)))
        (i64.store offset=64 (i32.const 0)
          (i64.mul (i64.extend_i32_u (local.get $round)) (i64.const 0x100000001)))
        (f64.store offset=72 (i32.const 0) (f64.convert_i32_u (local.get $round)))
        (i32.atomic.store offset=8 (i32.const 0) (local.get $round))
        ;; until the reader has seen it
        (loop $again
          (br_if $again (i32.ne (i32.atomic.load offset=16 (i32.const 0)) (local.get $round))))
        (br_if $next (i32.lt_u (local.get $round) (local.get $rounds)))))
  )
  (invoke "publish" (i32.const 200))
)

(thread $Reader (shared (module $Mem))
  (register "mem" $Mem)
  (module
    (memory (import "mem" "shared") 1 1 shared)
    ;; how many rounds were seen torn or old
    (func (export "receive") (param $rounds i32) (result i32) (local $round i32) (local $wrong i32)
      (loop $next
        (local.set $round (i32.add (local.get $round) (i32.const 1)))
        (loop $again
          (br_if $again (i32.ne (i32.atomic.load offset=8 (i32.const 0)) (local.get $round))))
        (local.set $wrong (i32.add (local.get $wrong) (i32.or
          (i64.ne (i64.load offset=64 (i32.const 0))
            (i64.mul (i64.extend_i32_u (local.get $round)) (i64.const 0x100000001)))
          (f64.ne (f64.load offset=72 (i32.const 0)) (f64.convert_i32_u (local.get $round))))))
        (i32.atomic.store offset=16 (i32.const 0) (local.get $round))
        (br_if $next (i32.lt_u (local.get $round) (local.get $rounds))))
      (local.get $wrong))
  )
  (assert_return (invoke "receive" (i32.const 200)) (i32.const 0))
)

(wait $Writer)
(wait $Reader)
