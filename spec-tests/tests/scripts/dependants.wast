;; What is not there skips what builds on it, and nothing else.
(module $V (data "VECTORS"))                        ;; skip: feature simd
(assert_return (invoke "id"))                       ;; skip: feature simd
(assert_return (invoke $V "id"))                    ;; skip: feature simd
(register "vectors" $V)                             ;; skip: feature simd
(module $U (data "from vectors."))                  ;; skip: feature simd
(module $A)
(assert_return (invoke "id"))
(module $B (data "INVALID"))                        ;; fail
(assert_return (invoke "id"))                       ;; skip: blocked by line 9
(assert_return (invoke $A "id"))
(register "M" $B)                                   ;; skip: blocked by line 9
(module (data "from M."))                           ;; skip: blocked by line 9
(assert_unlinkable (module (data "from M.")) "unknown import") ;; skip: blocked by line 9
(register "M" $A)
(module (data "from M."))
(assert_return (invoke "id"))
(assert_invalid (module (data "INVALID")) "")
(module $S (memory (export "m") 1))
(register "S" $S)
(assert_return (invoke $S "id"))
(module (import "S" "m" (memory 1)) (data (i32.const 0) "VECTORS")) ;; skip: feature simd
(assert_return (invoke $S "id"))                    ;; skip: feature simd
(module (import "S" "m" (memory 1)))                ;; skip: feature simd
(module $S)
(register "S" $S)
(module (import "S" "m" (memory 1)) (data "VECTORS")) ;; skip: feature simd
(assert_return (invoke $S "id"))
