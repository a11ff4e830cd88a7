import Contracts
import Testing

/// Stages check what other stages send: a queue is a door too.
struct InnerMessageTests {
    /// One thing wrong at a time in an example: where, what, and the field that the failure must name.
    @Test(
        arguments: [
            ("study.ingested", ["runID"], JSONNode.string("../../etc"), "data.runID"),
            ("study.ingested", ["runID"], .string(".."), "data.runID"),
            ("study.ingested", ["contentSHA256"], .string("0"), "data.contentSHA256"),
            ("study.ingested", ["series"], .array([]), "data.series"),
            ("study.ingested", ["series", "0", "tensor", "shape"], .array([]), "data.series[0].tensor.shape"),
            (
                "study.ingested", ["series", "0", "tensor", "shape"], .array([.number(-1)]),
                "data.series[0].tensor.shape"
            ),
            (
                "study.ingested", ["series", "1", "tensor", "shape"],
                .array(Array(repeating: .number(4_294_967_296), count: 4)), "data.series[1].tensor.shape"
            ),
            (
                "study.ingested", ["series", "0", "tensor", "elementType"], .string("float128"),
                "data.series[0].tensor.elementType"
            ),
            ("study.ingested", ["series", "0", "tensor", "byteCount"], .number(0), "data.series[0].tensor.byteCount"),
            ("study.ingested", ["series", "0", "tensor", "key"], .string(""), "data.series[0].tensor.key"),
            (
                "study.ingested", ["series", "0", "geometry", "shape"], .array([.number(2)]),
                "data.series[0].geometry.shape"
            ),
            (
                "study.ingested", ["series", "0", "geometry", "spacing"],
                .array([.number(1), .number(0), .number(1)]), "data.series[0].geometry.spacing"
            ),
            (
                "study.ingested", ["series", "0", "geometry", "affine"], .array([.number(1)]),
                "data.series[0].geometry.affine"
            ),
            ("study.ingested", ["regions", "mask", "sha256"], .string(""), "data.regions.mask.sha256"),
            ("study.ingested", ["deadlineSeconds"], .number(0), "data.deadlineSeconds"),
            ("study.admitted", ["study", "runID"], .string("a/b"), "data.study.runID"),
            ("study.admitted", ["revision"], .number(0), "data.revision"),
            ("study.admitted", ["revision"], .number(1.5), "data.revision"),
            ("study.admitted", ["recovery"], .number(-1), "data.recovery"),
            ("study.planned", ["regions", "1", "id"], .string("lesion-1"), "data.regions[1].id"),
            (
                "study.planned", ["regions", "0", "location", "centroidRAS"], .array([]),
                "data.regions[0].location.centroidRAS"
            ),
            ("study.planned", ["quality", "series", "0", "coverage"], .number(1.5), "data.quality.series[0].coverage"),
            ("region.prepared", ["regionID"], .string(""), "data.regionID"),
            ("region.prepared", ["patches", "0", "affine"], .array([]), "data.patches[0].affine"),
            (
                "region.prepared", ["patches", "0", "tensor", "shape"], .array([.number(0)]),
                "data.patches[0].tensor.shape"
            ),
            ("region.prepared", ["task"], .string("liver"), "data.task"),
            ("region.classified", ["probabilities", "nsclc"], .number(-0.1), "data.probabilities.nsclc"),
            (
                "region.classified", ["decisionPath", "0", "probability"], .number(2),
                "data.decisionPath[0].probability"
            ),
            (
                "region.classified", ["decisionPath", "0", "heatmap", "affine"], .array([]),
                "data.decisionPath[0].heatmap.affine"
            ),
            ("region.lost", ["regionID"], .string("a b"), "data.regionID"),
            ("delivery.parked", ["regionID"], .string(String(repeating: "a", count: 129)), "data.regionID"),
            ("delivery.parked", ["stage"], .string("cleaning"), "data.stage"),
            ("delivery.parked", ["error", "code"], .string("tired"), "data.error.code"),
            ("study.rejected", ["runID"], .string(""), "data.runID"),
        ] as [(String, [String], JSONNode, String)])
    func stageRefuses(_ name: String, _ path: [String], _ value: JSONNode, _ field: String) throws {
        let event = try JSONNode(try ContractFiles.example(name)).replacing(["data"] + path, with: value)
        let event0 = try JSONNode(try ContractFiles.example(name))
        #expect(event != event0)
        let codec = try #require(EventCodec.all[name])
        let failure = #expect(throws: Failure.self) { _ = try codec(event.bytes) }
        #expect(failure?.message.hasPrefix("\(field): ") == true, "\(String(describing: failure))")
        #expect(failure?.failureClass == .invalid)
    }

    @Test func digestsAreReadInEitherCase() throws {
        let event = try JSONNode(try ContractFiles.example("study.ingested"))
            .replacing(["data", "contentSHA256"], with: .string(String(repeating: "Ab", count: 32)))
        let codec = try #require(EventCodec.all["study.ingested"])
        #expect(throws: Never.self) { _ = try codec(event.bytes) }
    }
}

extension JSONNode {
    /// The same value with another one at a path of keys and indices.
    func replacing(_ path: [String], with value: JSONNode) -> JSONNode {
        guard let first = path.first else { return value }
        let rest = Array(path.dropFirst())
        switch self {
        case .object(var members):
            members[first] = (members[first] ?? .null).replacing(rest, with: value)
            return .object(members)
        case .array(var items):
            guard let index = Int(first), items.indices.contains(index) else { return self }
            items[index] = items[index].replacing(rest, with: value)
            return .array(items)
        default: return self
        }
    }
}
