;; Every directive here fails, and the driver has to say how.
(module)
(assert_return (invoke "id" (i32.const 1)) (i32.const 2))               ;; fail
(assert_return (invoke "id" (i32.const 1)))                             ;; fail
(assert_return (invoke "overflow"))                                     ;; fail
(assert_trap (invoke "id") "integer overflow")                          ;; fail
(assert_trap (invoke "overflow") "integer divide by zero")              ;; wrong-reason: message
(assert_trap (invoke "throw") "integer overflow")                       ;; wrong-reason: stage
(assert_exhaustion (invoke "overflow") "call stack exhausted")          ;; wrong-reason: stage
(assert_exception (invoke "overflow"))                                  ;; wrong-reason: stage
(assert_malformed (module binary "\00asm" "INVALID") "unexpected end")  ;; wrong-reason: stage
(assert_invalid (module quote "(func") "type mismatch")                 ;; wrong-reason: stage
(assert_invalid (module) "type mismatch")                               ;; fail
(assert_unlinkable (module (data "INVALID")) "unknown import")          ;; wrong-reason: stage
(assert_unlinkable (module (data "from vectors.")) "incompatible import type") ;; wrong-reason: message
(assert_trap (invoke "no such export") "integer overflow")              ;; fail
(invoke "overflow")                                                     ;; fail
(module (data "INVALID"))                                               ;; fail
(assert_bogus)                                                          ;; fail
(assert_invalid_custom (module) "invalid target")                       ;; fail
(assert_invalid_custom (module (data "INVALID")) "invalid target")      ;; fail
(assert_malformed_custom (module (data "BAD_CUSTOM")) "invalid target") ;; wrong-reason: stage
