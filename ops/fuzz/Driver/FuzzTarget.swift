import Contracts
import Glibc
import Imaging
import Tensors

/// Something that reads what strangers send, and inputs that it accepts.
struct FuzzTarget: Sendable {
    enum Outcome: Sendable {
        case accepted
        /// By a reason code of the contract, or an error of the room.
        case refused(String)
        case undocumented(String)
    }

    let name: String
    let seeds: [[UInt8]]
    let read: @Sendable (UnsafeRawBufferPointer) -> Outcome

    static let all = [nifti, gzip, compressed, safetensors, study, sidecar, contour, dicom, png, jpeg]

    /// Pictures are read by their paths: one file in memory, written anew each time.
    private static func picture(_ name: String, ending: String, seeds: [[UInt8]]) -> FuzzTarget {
        let path = "/dev/shm/oncorelay-fuzz-\(getpid()).\(ending)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "cannot write to /dev/shm")
        let resolver = LocationResolver(roots: ["/dev/shm"])
        let reader = ImageReader()
        return FuzzTarget(name: name, seeds: seeds) { bytes in
            _ = pwrite(descriptor, bytes.baseAddress, bytes.count, 0)
            ftruncate(descriptor, off_t(bytes.count))
            return outcome { () throws(ImagingError) in _ = try reader.read("file:" + path, beneath: resolver) }
        }
    }

    private static func outcome(_ work: () throws(ImagingError) -> Void) -> Outcome {
        do throws(ImagingError) {
            try work()
            return .accepted
        } catch {
            return .refused(error.code.rawValue)
        }
    }

    private static var volume: Volume {
        let values = (0..<64).map { Float($0) }
        guard let tensor = try? Tensor(shape: [4, 4, 4], floats: values),
            let volume = try? Volume(tensor: tensor, affine: Affine(spacing: Point(1, 1, 2), origin: Point(-2, -2, -4)))
        else { preconditionFailure("a cube of 64 voxels is a volume") }
        return volume
    }

    private static var niftiBytes: [UInt8] { (try? NIfTIWriter.encoded(volume)) ?? [] }

    /// The same in NIfTI-2's layout, big-endian where asked for, would be seeds of their own; the mutator turns the
    /// header's size and magic often enough, but a whole header must be there to begin with.
    private static var niftiTwoBytes: [UInt8] {
        let one = niftiBytes
        var two = [UInt8](repeating: 0, count: 544)
        func put<Value: FixedWidthInteger>(_ value: Value, _ offset: Int) {
            withUnsafeBytes(of: value.littleEndian) { two.replaceSubrange(offset..<offset + $0.count, with: $0) }
        }
        put(Int32(540), 0)
        two.replaceSubrange(4..<12, with: [0x6e, 0x2b, 0x32, 0, 0x0d, 0x0a, 0x1a, 0x0a])
        put(Int16(16), 12)
        put(Int16(32), 14)
        for (index, extent) in [3, 4, 4, 4, 1, 1, 1, 1].enumerated() { put(Int64(extent), 16 + 8 * index) }
        for index in 0..<8 { put(Double(1).bitPattern, 104 + 8 * index) }
        put(Int64(544), 168)
        put(Double(1).bitPattern, 176)
        put(Int32(1), 348)
        for row in 0..<3 { put(Double(1).bitPattern, 400 + 8 * (5 * row)) }
        return two + one[352...]
    }

    private static let reader = NIfTIReader()

    private static let nifti = FuzzTarget(name: "nifti", seeds: [niftiBytes, niftiTwoBytes]) { bytes in
        outcome { () throws(ImagingError) in _ = try reader.read(bytes, isCompressed: false) }
    }

    /// The stream itself is damaged.
    private static let gzip = FuzzTarget(
        name: "gzip",
        seeds: [niftiBytes, niftiTwoBytes].flatMap { bytes in
            [1, 9].compactMap { try? NIfTIWriter.compressed(bytes, level: $0) }
        }
    ) { bytes in
        outcome { () throws(ImagingError) in _ = try reader.read(bytes, isCompressed: true) }
    }

    /// The stream is sound, and what it holds is damaged.
    private static let compressed = FuzzTarget(name: "compressed", seeds: [niftiBytes, niftiTwoBytes]) { bytes in
        guard let member = try? NIfTIWriter.compressed(Array(bytes), level: 1) else { return .undocumented("gzip") }
        return member.withUnsafeBytes { member in
            outcome { () throws(ImagingError) in _ = try reader.read(member, isCompressed: true) }
        }
    }

    private static let png = picture("png", ending: "png", seeds: PictureSeeds.png)
    private static let jpeg = picture("jpeg", ending: "jpg", seeds: PictureSeeds.jpeg)

    private static let safetensors = FuzzTarget(
        name: "safetensors",
        seeds: [
            #"{"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"__metadata__":{"k":"v"}}"#,
            #"{"b":{"dtype":"F16","shape":[3],"data_offsets":[0,6]},"c":{"dtype":"U8","shape":[],"data_offsets":[6,7]}}"#,
        ].map { header in
            let padded = Array(header.utf8) + [UInt8](repeating: 0x20, count: (8 - header.utf8.count % 8) % 8)
            return withUnsafeBytes(of: UInt64(padded.count).littleEndian) { Array($0) } + padded
                + [UInt8](repeating: 1, count: header.contains("F32") ? 16 : 7)
        }
    ) { bytes in
        do {
            _ = try SafetensorsFile(TensorBuffer(copying: bytes))
            return .accepted
        } catch {
            return .refused("\(type(of: error))")
        }
    }

    private static let study = FuzzTarget(
        name: "study",
        seeds: [
            #"{"studyInstanceUID":"1.2.3","task":"lymph-node","series":[{"sequence":"T2","location":"file:a.png"}]}"#,
            """
            {"studyInstanceUID":"1.2.3","task":"brain-metastasis","priority":"urgent","site":"north","patientID":"p",
            "series":[{"sequence":"T1","location":"file:t1.nii.gz","plane":"axial"},{"sequence":"DWI","location":"d"}],
            "regions":{"boxes":[{"id":"b","frame":"world","minimum":[0,1.5,-2e1],"maximum":[1,2,3]}]},
            "policy":{"missingSequences":"partial","deadlineSeconds":900}}
            """,
            """
            {"specversion":"1.0","id":"x","source":"urn:s","type":"org.oncorelay.study.submitted.v1","data":
            {"studyInstanceUID":"1.2","task":"lymph-node","series":[{"sequence":"T2","location":"f"}],
            "regions":{"mask":{"location":"m","labels":[1,2]}}}}
            """,
        ].map { Array($0.utf8) }
    ) { bytes in
        do {
            let event = try EventCoding.decodeSubmission(Array(bytes), messageID: "1", contentType: "application/json")
            try event.data.validate()
            return .accepted
        } catch let failure as Failure {
            return .refused(failure.code.rawValue)
        } catch {
            return .undocumented("\(error)")
        }
    }

    private static let sidecar = FuzzTarget(
        name: "sidecar",
        seeds: [
            Array(
                #"{"SeriesDescription":"t1 +c","EchoTime":0.003,"ScanningSequence":"GR\\IR","ImageType":["A","B"]}"#
                    .utf8)
        ]
    ) { bytes in
        guard let attributes = SeriesAttributes(sidecar: Array(bytes)) else { return .refused("no-sidecar") }
        _ = SeriesRecognition.recognize(attributes)
        return .accepted
    }

    /// A polygon of four corners and an oval, as ImageJ writes them.
    private static var contourBytes: [[UInt8]] {
        [(7, 4), (0, 4), (2, 0)].map { kind, corners in
            var bytes = [UInt8](repeating: 0, count: 64 + 4 * corners)
            func put(_ value: Int, _ offset: Int) {
                bytes[offset] = UInt8(value >> 8 & 255)
                bytes[offset + 1] = UInt8(value & 255)
            }
            bytes.replaceSubrange(0..<4, with: Array("Iout".utf8))
            put(227, 4)
            bytes[6] = UInt8(kind)
            for (index, edge) in [10, 20, 30, 44].enumerated() { put(edge, 8 + 2 * index) }
            put(corners, 16)
            for corner in 0..<corners {
                put([0, 24, 20, 3][corner], 64 + 2 * corner)
                put([0, 2, 20, 17][corner], 64 + 2 * corners + 2 * corner)
            }
            return bytes
        }
    }

    private static let contour = FuzzTarget(name: "roi", seeds: contourBytes) { bytes in
        outcome { () throws(ImagingError) in
            _ = try ImageJContourReader.decode(bytes).pixels(width: 512, height: 512)
        }
    }

    /// The header only: pixels are read by dcm2niix, in a process of its own.
    private static let dicom = FuzzTarget(name: "dicom", seeds: DICOMSeeds.all) { bytes in
        DICOMReader.hasImage(Array(bytes)) ? .accepted : .refused("no-image")
    }
}
