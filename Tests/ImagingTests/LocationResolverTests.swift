import Contracts
import Foundation
import Imaging
import Testing

@Suite struct LocationResolverTests {
    /// A root with files and links, and a secret outside it.
    private let outer: TemporaryFolder
    private let root: String
    private let resolver: LocationResolver

    init() throws {
        outer = try TemporaryFolder()
        root = outer.path + "/images"
        try outer.write([1], "images/a.nii")
        try outer.write([2], "images/sub/deep/b.nii")
        try outer.write([3], "images/with space+%41#?.nii")
        try outer.write([4], "images/größe.nii")
        try outer.write([9], "secret.nii")
        try outer.write([9], "images-beside/secret.nii")
        let manager = FileManager.default
        for (link, target) in [
            ("inside.nii", "sub/deep/b.nii"), ("absolute.nii", outer.path + "/images/a.nii"),
            ("up.nii", "sub/../a.nii"),
            ("folder", "sub/deep"), ("out.nii", "../secret.nii"), ("out-absolute.nii", outer.path + "/secret.nii"),
            ("out-folder", ".."), ("dangling.nii", "nothing.nii"), ("circle.nii", "circle.nii"),
            ("beside.nii", outer.path + "/images-beside/secret.nii"), ("sub/climb.nii", "../../secret.nii"),
            ("etc", "/etc"),
        ] {
            try manager.createSymbolicLink(atPath: root + "/" + link, withDestinationPath: target)
        }
        resolver = LocationResolver(roots: [root])
    }

    /// The first byte of the file that is found.
    private func content(_ location: String, _ resolver: LocationResolver? = nil) throws -> UInt8? {
        let file = try (resolver ?? self.resolver).resolve(location, subject: "series 1 (T1)")
        return try FileHandle(fileDescriptor: file.descriptor, closeOnDealloc: false).readToEnd()?.first
    }

    @Test func filesBeneathARootAreFoundHoweverTheyAreWritten() throws {
        for location in [
            "file:a.nii", "a.nii", "./a.nii", "sub/../a.nii", "sub/deep/../../a.nii", "file:sub//..//a.nii",
            "FILE:a.nii",
            "file:\(root)/a.nii", "file://\(root)/a.nii", "file://localhost\(root)/a.nii", "\(root)/a.nii",
            "file:%61.nii",
            "file:sub%2F..%2Fa.nii", "\(root)/sub/../a.nii",
        ] {
            #expect(try content(location) == 1, "\(location)")
        }
        #expect(try content("file:sub/deep/b.nii") == 2)
        #expect(try content("file:with%20space+%2541%23%3F.nii") == 3)
        #expect(try content("with space+%41#?.nii") == 3)
        #expect(try content("file:gr%C3%B6%C3%9Fe.nii") == 4)
    }

    @Test func linksThatStayInsideAreFollowed() throws {
        #expect(try content("inside.nii") == 2)
        #expect(try content("absolute.nii") == 1)
        #expect(try content("up.nii") == 1)
        #expect(try content("folder/b.nii") == 2)
        #expect(try content("folder/../deep/b.nii") == 2)
    }

    @Test(arguments: [
        "../secret.nii", "file:../secret.nii", "sub/../../secret.nii", "file:%2e%2e/secret.nii",
        "file:sub/..%2f../secret.nii",
        "/etc/passwd", "file:/etc/passwd", "file:///etc/passwd", "out.nii", "out-absolute.nii", "out-folder/secret.nii",
        "beside.nii", "sub/climb.nii", "etc/passwd", "..", "folder/../../../secret.nii", "../images/a.nii",
    ])
    func whatLeavesTheRootIsRefused(location: String) throws {
        #expect(try reason { _ = try content(location) } == .locationOutsideRoot)
    }

    @Test func aFolderWhoseNameBeginsLikeTheRootIsOutside() throws {
        #expect(try reason { _ = try content("\(outer.path)/images-beside/secret.nii") } == .locationOutsideRoot)
        #expect(try reason { _ = try content("\(outer.path)/secret.nii") } == .locationOutsideRoot)
        #expect(try reason { _ = try content("\(root)/../secret.nii") } == .locationOutsideRoot)
    }

    @Test(arguments: [
        "https://pacs.example/dicom-web/studies/1", "http:a.nii", "s3://bucket/a.nii", "dicom-web:1.2.3",
        "ftp://h/a.nii",
        "file://otherhost/a.nii", "c:a.nii",
    ])
    func otherSchemesAndHostsAreDisabled(location: String) throws {
        #expect(try reason { _ = try content(location) } == .locationSchemeDisabled)
    }

    @Test(arguments: ["nothing.nii", "sub/nothing/b.nii", "a.nii/b.nii", "dangling.nii", "circle.nii"])
    func whatIsNotThereIsMissing(location: String) throws {
        #expect(try reason { _ = try content(location) } == .fileMissing)
    }

    @Test(arguments: ["", "file:", "file:%zz.nii", "file:a%2", "file:a%00.nii", "a\0.nii", "file:%ff.nii"])
    func locationsThatSayNothingAreInvalid(location: String) throws {
        #expect(try reason { _ = try content(location) } == .invalidField)
    }

    @Test func foldersAndPipesAreNoImages() throws {
        #expect(try reason { _ = try content("sub") } == .imageFormatUnsupported)
        #expect(try reason { _ = try content(".") } == .imageFormatUnsupported)
        #expect(try reason { _ = try content("folder") } == .imageFormatUnsupported)
        #expect(mkfifo(root + "/pipe.nii", 0o600) == 0)
        #expect(try reason { _ = try content("pipe.nii") } == .imageFormatUnsupported)
    }

    @Test func rootsAreSearchedInOrder() throws {
        let second = try TemporaryFolder()
        try second.write([7], "a.nii")
        try second.write([8], "only-here.nii")
        let both = LocationResolver(roots: [root, second.path])
        #expect(try content("a.nii", both) == 1)
        #expect(try content("only-here.nii", both) == 8)
        #expect(try content("file:\(second.path)/a.nii", both) == 7)
        #expect(try reason { _ = try content("nothing.nii", both) } == .fileMissing)
    }

    @Test func aRootThatIsALinkIsKnownByBothOfItsNames() throws {
        try FileManager.default.createSymbolicLink(atPath: outer.path + "/alias", withDestinationPath: root)
        let aliased = LocationResolver(roots: [outer.path + "/alias"])
        #expect(try content("a.nii", aliased) == 1)
        #expect(try content(outer.path + "/alias/a.nii", aliased) == 1)
        #expect(try content(root + "/a.nii", aliased) == 1)
    }

    @Test func rootsThatAreNotThereAreATransientFailure() throws {
        let absent = LocationResolver(roots: [outer.path + "/unmounted"])
        do {
            _ = try content("a.nii", absent)
            Issue.record("a file was found beneath a root that is not there")
        } catch let error as ImagingError {
            #expect(error.code == .fileUnreadable)
            #expect(error.failureClass == .transient)
        }
        #expect(try content("a.nii", LocationResolver(roots: [outer.path + "/unmounted", root])) == 1)
    }

    @Test func errorsNeverShowTheLocation() throws {
        for location in ["../Doe^Jane.nii", "Doe^Jane.nii", "https://pacs/Doe^Jane", "file:%zzDoe^Jane"] {
            do {
                _ = try content(location)
                Issue.record("\(location) was found")
            } catch let error as ImagingError {
                #expect(error.message.hasPrefix("series 1 (T1): "))
                #expect(!error.message.contains("Doe"))
                #expect(!error.message.contains(root))
            }
        }
    }

    @Test func whatWasLocatedIsReadEvenIfItIsRenamedMeanwhile() throws {
        let bytes = NIfTIFixture().bytes
        try outer.write(bytes, "images/image.nii")
        let file = try resolver.resolve("image.nii")
        try FileManager.default.moveItem(atPath: root + "/image.nii", toPath: root + "/moved.nii")
        try outer.write([0], "images/image.nii")
        #expect(try NIfTIReader().read(file).byteCount == bytes.count)
        // Reading takes nothing from the descriptor: a second reading finds the same.
        #expect(try NIfTIReader().read(file).byteCount == bytes.count)
    }

    @Test func otherFileNamesAndMissingPathsAreRefusedByTheReader() throws {
        try outer.write(NIfTIFixture().bytes, "images/image.img")
        let file = try resolver.resolve("image.img")
        #expect(try reason { _ = try NIfTIReader().read(file) } == .imageFormatUnsupported)
        #expect(try reason { _ = try NIfTIReader().read(path: root + "/none.nii") } == .fileMissing)
        #expect(try reason { _ = try NIfTIReader().read(path: root + "/sub.nii/a.nii") } == .fileMissing)
        try FileManager.default.createDirectory(atPath: root + "/d.nii", withIntermediateDirectories: true)
        #expect(try reason { _ = try NIfTIReader().read(path: root + "/d.nii") } == .imageFormatUnsupported)
    }
}
