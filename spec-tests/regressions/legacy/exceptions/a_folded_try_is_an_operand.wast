;; A folded `try` stands wherever a folded instruction does, and its labels count as those of the flat one.
(module
  (tag $e (param i32))
  (func $throw (param i32) (if (local.get 0) (then (throw $e (local.get 0)))))
  (func (export "operand") (param i32) (result i32)
    (i32.sub
      (try $l (result i32)
        (do (call $throw (local.get 0)) (i32.const 10))
        (catch $e (br $l (i32.add (i32.const 100)))))
      (try (result i32) (do (i32.const 1)) (delegate 0))))
  (func (export "condition") (param i32) (result i32)
    (if (result i32)
      (try (result i32) (do (call $throw (local.get 0)) (i32.const 0)) (catch_all (i32.const 1)))
      (then (i32.const 7))
      (else (i32.const 8))))
  (func (export "mixed") (param i32) (result i32)
    try (result i32)
      (try (do (call $throw (local.get 0))) (catch $e (call $throw (i32.add (i32.const 1)))))
      i32.const 0
    catch $e
      (try (param i32) (result i32) (do (i32.add (i32.const 1))))
    end)
  (func (export ";; (try (do \" )") (result i32) (; (try (do) ;) (i32.const 3)))

(assert_return (invoke "operand" (i32.const 0)) (i32.const 9))
(assert_return (invoke "operand" (i32.const 5)) (i32.const 104))
(assert_return (invoke "condition" (i32.const 0)) (i32.const 8))
(assert_return (invoke "condition" (i32.const 1)) (i32.const 7))
(assert_return (invoke "mixed" (i32.const 0)) (i32.const 0))
(assert_return (invoke "mixed" (i32.const 3)) (i32.const 5))
(assert_return (invoke ";; (try (do \" )") (i32.const 3))

(module quote
  "(func (export \"quoted\") (result i32)"
  "  (try (result i32) (do (i32.const 1)) (catch_all (i32.const 2))))")
(assert_return (invoke "quoted") (i32.const 1))

(assert_malformed (module quote "(func (try))") "unexpected token")
(assert_malformed (module quote "(func (try (catch_all)))") "unexpected token")
(assert_malformed (module quote "(func (try nop (do)))") "unexpected token")
(assert_malformed (module quote "(func (try (do) (catch)))") "unexpected token")
(assert_malformed (module quote "(func (try (do) (do)))") "unexpected token")
(assert_malformed (module quote "(func (do))") "unexpected token")
(assert_malformed (module quote "(func (try (do) (delegate 0 0)))") "unexpected token")
(assert_malformed (module quote "(func try delegate 0 catch_all end)") "unexpected token")
(assert_malformed (module quote "(func try catch_all catch_all end)") "unexpected token")
(assert_malformed (module quote "(func block catch_all end)") "unexpected token")
