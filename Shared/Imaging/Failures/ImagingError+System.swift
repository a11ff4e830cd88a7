import Contracts
internal import Glibc

extension ImagingError {
    /// A failed system call, by its error number.
    ///
    /// Absence is the publisher's fault, a refused permission the operator's; a device, network mount or descriptor
    /// table in trouble may be well again at the next attempt.
    static func system(_ number: Int32, doing action: String, subject: String) -> ImagingError {
        let reason = String(cString: strerror(number))
        switch number {
        case ENOENT, ENOTDIR, ENAMETOOLONG:
            return ImagingError(
                .fileMissing, subject: subject,
                "expected a file beneath the configured roots, found none; check the location")
        case EACCES, EPERM:
            return ImagingError(
                .fileUnreadable, .permanent, subject: subject,
                "could not \(action) (\(reason)); give this service permission to read its roots")
        default:
            return ImagingError(
                .fileUnreadable, .transient, subject: subject,
                "could not \(action) (\(reason)); it will be tried again")
        }
    }
}
