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
