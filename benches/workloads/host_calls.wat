;; Calls across the border. `run` calls a plain host function n times, `run_with_data` one that reads
;; and writes the store's data; the host calls `tick` n times.
(module
  (import "host" "add" (func $add (param i32 i32) (result i32)))
  (import "host" "count" (func $count (param i64) (result i64)))
  (func (export "run") (param $n i32) (result i64)
    (local $i i32) (local $sum i32)
    (loop $again
      (if (i32.lt_s (local.get $i) (local.get $n))
        (then
          (local.set $sum (call $add (i32.mul (local.get $sum) (i32.const 31)) (local.get $i)))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $again))))
    (i64.extend_i32_u (local.get $sum)))
  (func (export "run_with_data") (param $n i32) (result i64)
    (local $i i32) (local $sum i64)
    (loop $again
      (if (i32.lt_s (local.get $i) (local.get $n))
        (then
          (local.set $sum (i64.add (local.get $sum) (call $count (i64.extend_i32_s (local.get $i)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $again))))
    (local.get $sum))
  (func (export "tick") (param $x i32) (result i32)
    (i32.add (i32.mul (local.get $x) (i32.const 5)) (i32.const 7))))
