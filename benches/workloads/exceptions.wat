;; Exceptions that are thrown and caught.
(module
  (tag $number (param i64))
  (func $throw (param $x i64) (throw $number (local.get $x)))
  (func $deep (param $frames i32) (param $x i64)
    (if (local.get $frames)
      (then
        (call $deep (i32.sub (local.get $frames) (i32.const 1)) (local.get $x))
        ;; So that the call before is none in tail position.
        (drop (i32.const 0)))
      (else (throw $number (local.get $x)))))
  ;; The numbers below n, each caught one frame up: n * (n - 1) / 2.
  (func (export "near") (param $n i32) (result i64) (local $sum i64) (local $i i64)
    (loop $again
      (if (i64.lt_u (local.get $i) (i64.extend_i32_u (local.get $n)))
        (then
          (block $caught (result i64)
            (try_table (catch $number $caught) (call $throw (local.get $i)))
            (i64.const 0))
          local.get $sum
          i64.add
          local.set $sum
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br $again))))
    (local.get $sum))
  ;; The same, ten frames up.
  (func (export "far") (param $n i32) (result i64) (local $sum i64) (local $i i64)
    (loop $again
      (if (i64.lt_u (local.get $i) (i64.extend_i32_u (local.get $n)))
        (then
          (block $caught (result i64)
            (try_table (catch $number $caught) (call $deep (i32.const 9) (local.get $i)))
            (i64.const 0))
          local.get $sum
          i64.add
          local.set $sum
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br $again))))
    (local.get $sum)))
