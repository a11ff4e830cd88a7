/// Changes a message in small ways: its bytes, or its JSON.
struct BodyMutator {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    /// One to four changes of single bytes or runs of bytes.
    mutating func mutateBytes(_ body: [UInt8]) -> [UInt8] {
        var bytes = body
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...max(0, bytes.count - 1), using: &generator)
            guard !bytes.isEmpty else { return Self.insertions[0] }
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(contentsOf: Self.insertions.randomElement(using: &generator) ?? [], at: place)
            case 4: bytes.removeLast(bytes.count - place)
            case 5: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &generator)))
            default:
                let end = min(bytes.count, place + Int.random(in: 1...80, using: &generator))
                bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &generator))
            }
        }
        return bytes
    }

    /// One or two changes of values, keys or the order of things; the outcome is JSON.
    mutating func mutateJSON(_ node: JSONNode) -> JSONNode {
        var changed = node
        for _ in 0..<Int.random(in: 1...2, using: &generator) { changed = changeSomewhere(changed, stopping: 0.25) }
        return changed
    }

    /// Walks down to a random place and changes the value there.
    private mutating func changeSomewhere(_ node: JSONNode, stopping share: Double) -> JSONNode {
        if Double.random(in: 0..<1, using: &generator) >= share {
            switch node {
            case .object(var members):
                guard let key = members.keys.sorted().randomElement(using: &generator), let value = members[key] else {
                    break
                }
                members[key] = changeSomewhere(value, stopping: share)
                return .object(members)
            case .array(var items):
                guard let index = items.indices.randomElement(using: &generator) else { break }
                items[index] = changeSomewhere(items[index], stopping: share)
                return .array(items)
            default: break
            }
        }
        return change(node)
    }

    private mutating func change(_ node: JSONNode) -> JSONNode {
        let choice = Int.random(in: 0..<4, using: &generator)
        switch node {
        case .object(var members) where choice > 0:
            let key = members.keys.sorted().randomElement(using: &generator) ?? ""
            switch choice {
            case 1: members[key] = nil
            case 2:
                members[Self.keys.randomElement(using: &generator) ?? key] = replacement()
            default:
                let other = members.keys.sorted().randomElement(using: &generator) ?? key
                (members[key], members[other]) = (members[other], members[key])
            }
            return .object(members)
        case .array(var items) where choice > 0:
            switch choice {
            case 1: if !items.isEmpty { items.removeLast() }
            case 2: items.append(items.randomElement(using: &generator) ?? replacement())
            default: items.shuffle(using: &generator)
            }
            return .array(items)
        default: return replacement()
        }
    }

    private mutating func replacement() -> JSONNode { Self.values.randomElement(using: &generator) ?? .null }

    private static let keys = [
        "studyInstanceUID", "task", "priority", "site", "accessionNumber", "patientID", "series", "regions", "policy",
        "sequence", "location", "seriesInstanceUID", "plane", "sha256", "mask", "boxes", "contours", "labels", "id",
        "frame", "minimum", "maximum", "slice", "missingSequences", "deadlineSeconds", "extra",
    ]

    private static let values: [JSONNode] = [
        .null, .bool(true), .bool(false), .number(0), .number(1), .number(2), .number(-1), .number(1.5), .number(64),
        .number(257), .number(70_000), .number(604_801), .string(""), .string("T1"), .string("T2"), .string("world"),
        .string("voxel"), .string("axial"), .string("urgent"), .string("reject"), .string("lymph-node"),
        .string("brain-metastasis"), .string("1.2.840"), .string("1..2"), .string("a b"), .string("lesion-1"),
        .string("é"), .string("\u{0}"), .string(String(repeating: "7", count: 64)),
        .string(String(repeating: "7", count: 65)), .string(String(repeating: "ö", count: 40)),
        .string(String(repeating: "f", count: 4097)), .array([]), .array([.number(1), .number(2), .number(3)]),
        .array([.string("T1")]), .object([:]), .object(["location": .string("file:b.nii.gz")]),
        .object(["sequence": .string("DWI"), "location": .string("file:c.nii.gz")]),
    ]

    private static let insertions: [[UInt8]] =
        [
            "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u", "\\ud800", "null", "NaN", "1e999", "-", "\u{feff}",
            "\u{202e}",
            "99999999999999999999", String(repeating: "[", count: 64),
        ].map { Array($0.utf8) } + [[0], [0xff], [0xed, 0xa0, 0x80]]
}
