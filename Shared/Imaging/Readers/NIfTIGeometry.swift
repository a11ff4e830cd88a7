internal import CNIfTI
import Contracts

/// Which of the three methods of the NIfTI standard gave a volume its place in space.
package enum NIfTIGeometrySource: String, Sendable {
    case sform
    case qform
    /// Neither: spacings only. The image has no known place or direction in the patient.
    case spacing
}

/// The header's affine, as libnifti reads it.
enum NIfTIGeometry {
    /// libnifti prints complaints to standard error, at a level that is global: it is set once.
    private static let silence: Void = nifti_set_debug_level(0)

    /// Voxel indices to RAS+ mm, from a header that has been checked: the sform where its code is positive, else the
    /// qform, else the spacings.
    ///
    /// libnifti converts a copy of the header in memory (`nifti_convert_n1hdr2nim` or `…n2hdr2nim`), byte order
    /// included; it never sees the file, which may change after the check.
    ///
    /// - Throws: `nifti-header-invalid` where libnifti refuses the header, `affine-invalid` where the affine cannot be
    ///   inverted.
    static func affine(
        of header: NIfTIHeader, bytes: UnsafeRawBufferPointer, millimetersPerUnit: Double, subject: String
    ) throws(ImagingError) -> (affine: Affine, source: NIfTIGeometrySource) {
        _ = silence
        guard let image = convert(header, bytes) else {
            throw ImagingError(.niftiHeaderInvalid, subject: subject, "libnifti refuses the header")
        }
        defer { nifti_image_free(image) }
        let source: NIfTIGeometrySource
        let matrix: nifti_dmat44
        if image.pointee.sform_code > 0 {
            (source, matrix) = (.sform, image.pointee.sto_xyz)
        } else if image.pointee.qform_code > 0 {
            (source, matrix) = (.qform, image.pointee.qto_xyz)
        } else {
            (source, matrix) = (.spacing, image.pointee.qto_xyz)
        }
        let rows = withUnsafeBytes(of: matrix) { Array($0.bindMemory(to: Double.self).prefix(12)) }
        guard let affine = Affine(rows: rows.map { $0 * millimetersPerUnit }), affine.isInvertible else {
            throw ImagingError(
                .affineInvalid, subject: subject,
                "expected an affine that can be inverted, found \(rows) in the \(source.rawValue)")
        }
        return (affine, source)
    }

    private static func convert(
        _ header: NIfTIHeader, _ bytes: UnsafeRawBufferPointer
    ) -> UnsafeMutablePointer<nifti_image>? {
        switch header.version {
        case .one:
            var copy = nifti_1_header()
            withUnsafeMutableBytes(of: &copy) { fill($0, header, bytes, spacingOffset: 76, spacingBytes: 4) }
            return nifti_convert_n1hdr2nim(copy, nil)
        case .two:
            var copy = nifti_2_header()
            withUnsafeMutableBytes(of: &copy) { fill($0, header, bytes, spacingOffset: 104, spacingBytes: 8) }
            return nifti_convert_n2hdr2nim(copy, nil)
        }
    }

    /// Copies the header; a two-dimensional image may leave the third spacing empty, which would make a singular
    /// affine.
    private static func fill(
        _ copy: UnsafeMutableRawBufferPointer, _ header: NIfTIHeader, _ bytes: UnsafeRawBufferPointer,
        spacingOffset: Int, spacingBytes: Int
    ) {
        copy.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<header.version.byteCount]))
        for axis in 1...3 where axis > header.dimensions[0] {
            let spacing = header.spacings[axis]
            guard !(spacing.isFinite && spacing > 0) else { continue }
            let offset = spacingOffset + axis * spacingBytes
            if spacingBytes == 4 {
                let bits = Float(1).bitPattern
                copy.storeBytes(of: header.isBigEndian ? bits.bigEndian : bits, toByteOffset: offset, as: UInt32.self)
            } else {
                let bits = Double(1).bitPattern
                copy.storeBytes(of: header.isBigEndian ? bits.bigEndian : bits, toByteOffset: offset, as: UInt64.self)
            }
        }
    }
}
