;; `rethrow` throws the exception of the clause that its label names, whatever the clause has done meanwhile.
(module
  (type $n (struct (field i32)))
  (tag $a (param (ref $n)))
  (tag $b (param f32 v128 i64))
  (func $throw (param i32) (throw $a (struct.new $n (local.get 0))))
  (func $trash (drop (struct.new $n (i32.const -1))))
  (func (export "nested") (param i32) (result i32)
    (struct.get $n 0
      (try (result (ref $n))
        (do
          (try (result (ref $n)) (do (call $throw (i32.const 1)) (unreachable))
            (catch $a
              (call $trash)
              (try (param (ref $n)) (result (ref $n)) (do (drop) (call $throw (i32.const 2)) (unreachable))
                (catch $a
                  (call $trash)
                  (if (i32.eqz (local.get 0)) (then (rethrow 1)))
                  (if (i32.eq (local.get 0) (i32.const 1)) (then (call $trash) (rethrow 2))))))))
        (catch $a (call $trash)))))
  (func (export "values") (result f32 i64 i64)
    (local f32 v128 i64)
    (try
      (do
        (i32.const 40)
        (try (param i32)
          (do (drop) (throw $b (f32.const 1.5) (v128.const i64x2 2 3) (i64.const 4)))
          (catch $b (call $trash) (drop) (drop) (drop) (rethrow 0))))
      (catch $b (local.set 2) (local.set 1) (local.set 0)))
    (local.get 0) (i64x2.extract_lane 1 (local.get 1)) (local.get 2)))

(assert_return (invoke "nested" (i32.const 0)) (i32.const 2))
(assert_return (invoke "nested" (i32.const 1)) (i32.const 1))
(assert_return (invoke "nested" (i32.const 2)) (i32.const 2))
(assert_return (invoke "values") (f32.const 1.5) (i64.const 3) (i64.const 4))
