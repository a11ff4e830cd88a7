import Digests
import Testing

/// Known answers of FIPS 180-4 (NIST's example values) and of Python 3.11's hashlib.
struct DigestTests {
    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ])
    func sha256OfKnownTexts(_ text: String, _ digest: String) {
        #expect(Digest.sha256Hex(Array(text.utf8)) == digest)
        Array(text.utf8).withUnsafeBytes { #expect(Digest.sha256Hex($0) == digest) }
    }

    @Test func sha256OfAMillionLetters() {
        let letters = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(Digest.sha256Hex(letters) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func sha1OfAKnownText() {
        let digest = Digest(.sha1)
        digest.update("abc")
        #expect(Digest.hexadecimal(digest.finish()) == "a9993e364706816aba3e25717850c26c9cd0d89d")
    }

    @Test(arguments: [1, 7, 63, 64, 65, 1_000])
    func digestDoesNotDependOnThePieces(_ length: Int) {
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let digest = Digest()
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + length)
            digest.update(Array(bytes[start..<end]))
            start = end
        }
        digest.update([])
        #expect(Digest.hexadecimal(digest.finish()) == Digest.sha256Hex(bytes))
    }

    @Test func hexadecimalIsLowerCaseAndKeepsZeros() {
        #expect(Digest.hexadecimal([0x00, 0x0f, 0xa0, 0xff]) == "000fa0ff")
        #expect(Digest.hexadecimal([]) == "")
    }
}
