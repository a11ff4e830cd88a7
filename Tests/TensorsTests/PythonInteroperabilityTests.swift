import Foundation
import Tensors
import TestSupport
import Testing

/// Both ways against the reference implementation, where the machine has it.
@Suite(.enabled(if: PythonSafetensors.isAvailable, Comment(rawValue: PythonSafetensors.reason)))
struct PythonInteroperabilityTests {
    @Test func pythonReadsWhatIsWrittenHere() throws {
        let tensors: [(name: String, tensor: Tensor)] = try [
            ("f32", Tensor(shape: [2, 3], floats: [1, 2, 3, 4, 5, 6])),
            ("f16", Tensor(shape: [2], floats: [0.5, -2]).converted(to: .float16)),
            ("i16", Tensor(shape: [2], floats: [-300, 300]).converted(to: .int16)),
            ("u8", Tensor(shape: [3, 1], floats: [0, 128, 255]).converted(to: .uint8)),
            ("scalar \"quoted\"", Tensor(shape: [], floats: [7])),
        ]
        try withTemporaryFile { path in
            try SafetensorsFile.write(tensors, metadata: ["key": "snow \u{2603} \n"], to: path)
            let script = """
                import sys, json, safetensors
                with safetensors.safe_open(sys.argv[1], "numpy") as f:
                    tensors = {k: [str(f.get_tensor(k).dtype), f.get_tensor(k).tolist()] for k in f.keys()}
                    print(json.dumps({"metadata": f.metadata(), "tensors": tensors}, sort_keys=True))
                """
            let output = try PythonSafetensors.run(script, [path])
            #expect(
                output == """
                    {"metadata": {"key": "snow \\u2603 \\n"}, "tensors": {"f16": ["float16", [0.5, -2.0]], \
                    "f32": ["float32", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]], "i16": ["int16", [-300, 300]], \
                    "scalar \\"quoted\\"": ["float32", 7.0], "u8": ["uint8", [[0], [128], [255]]]}}

                    """)
        }
    }

    @Test func whatPythonWritesIsReadHere() throws {
        try withTemporaryFile { path in
            let script = """
                import sys, numpy as np
                from safetensors.numpy import save_file
                save_file({"b": np.arange(6, dtype=np.float32).reshape(1, 2, 3),
                           "a": np.array([1, 2, 3], dtype=np.uint8),
                           "h": np.array([0.25, -8], dtype=np.float16), "d": np.array([1.5]), "l": np.array([1, 2]),
                           "s": np.array([-5, 5], dtype=np.int16), "z": np.zeros((0, 4), dtype=np.float32),
                           "t": np.array([True, False])},
                          sys.argv[1], metadata={"format": "n\\u00fcmpy \\U0001f600"})
                """
            _ = try PythonSafetensors.run(script, [path])
            let file = try SafetensorsFile.map(path: path)
            #expect(Set(file.names) == ["a", "b", "d", "h", "l", "s", "t", "z"])
            #expect(file.metadata == ["format": "n\u{fc}mpy \u{1f600}"])
            #expect(file.tensor("b")?.shape == [1, 2, 3])
            #expect(file.tensor("b")?.floats() == [0, 1, 2, 3, 4, 5])
            #expect(file.tensor("a")?.floats() == [1, 2, 3])
            #expect(file.tensor("h")?.floats() == [0.25, -8])
            #expect(file.tensor("s")?.floats() == [-5, 5])
            #expect(file.tensor("z")?.shape == [0, 4])
            for (name, dtype) in [("d", "F64"), ("l", "I64"), ("t", "BOOL")] {
                #expect(throws: SafetensorsError.unsupportedElementType(tensor: name, dtype: dtype)) {
                    try file.requiredTensor(name)
                }
            }
        }
    }

    private func withTemporaryFile(_ body: (String) throws -> Void) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: file) }
        try body(file.path)
    }
}
