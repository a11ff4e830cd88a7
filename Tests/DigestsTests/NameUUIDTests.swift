import Digests
import Testing

/// Known values of Python 3.11's `uuid.uuid5`.
struct NameUUIDTests {
    @Test func namespaceIsThatOfTheDomain() {
        #expect(NameUUID.dns.text == "6ba7b810-9dad-11d1-80b4-00c04fd430c8")
        #expect(NameUUID.oncoRelay.text == "ca6328a1-dcd4-5b59-82b5-48f81f30a226")
    }

    @Test(
        arguments: [
            ("www.example.com", "2ed6657d-e927-568b-95e1-2665a8aea6a2"),
            ("", "4ebd0208-8328-5d69-8c44-ec50939c0967"),
            ("Größe 病理", "91b6522c-a3c7-5a53-a3ab-544af0bb1f4d"),
        ])
    func nameInTheDomainNamespace(_ name: String, _ text: String) {
        #expect(NameUUID(name: name, namespace: .dns).text == text)
    }

    @Test func nameInOurNamespace() {
        #expect(
            NameUUID(name: "run|1.2.3|lymph-node|00", namespace: .oncoRelay).text
                == "30e38ffa-3c3f-560c-a710-81f40c4cedc8")
    }

    @Test func versionAndVariantAreThoseOfRFC4122() {
        for number in 0..<200 {
            let bytes = NameUUID(name: "\(number)", namespace: .oncoRelay).bytes
            #expect(bytes.count == 16)
            #expect(bytes[6] >> 4 == 5)
            #expect(bytes[8] >> 6 == 0b10)
        }
    }

    @Test func equalNamesAreEqualAndOthersAreNot() {
        let names = (0..<1_000).map { NameUUID(name: "\($0)", namespace: .oncoRelay) }
        #expect(Set(names).count == 1_000)
        #expect(NameUUID(name: "7", namespace: .oncoRelay) == names[7])
        #expect(NameUUID(name: "7", namespace: .dns) != names[7])
    }
}
