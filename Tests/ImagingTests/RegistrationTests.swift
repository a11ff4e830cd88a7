import Contracts
import Imaging
import Tensors
import Testing

/// Motions that are known, between sequences whose contrasts differ.
struct RegistrationTests {
    static let motions = [
        RigidMotion(rotation: Point(6, -5, 4), translation: Point(5, -6, 4)),
        RigidMotion(rotation: Point(-3, 2, 9), translation: Point(-9, 3, 1)),
        RigidMotion(),
    ]

    @Test(arguments: motions)
    func aKnownMotionIsFoundWithinHalfAMillimeterAndHalfADegree(motion: RigidMotion) throws {
        var configuration = BrainPhantom.Configuration(seed: 11)
        configuration.sequences = [.t1, .t2]
        let phantom = try BrainPhantom(configuration)
        let fixed = try #require(phantom.volumes[.t1])
        let still = try #require(phantom.volumes[.t2])
        // What lies at p in the world of the moved volume lay at motion(p).
        let moved = try VolumeResampler().resample(still, to: VolumeGrid(of: still), motion: motion.affine)
        let outcome = try RigidRegistration().register(moved, to: fixed)
        let error = motion.affine.composed(with: outcome.motion.affine)
        let center = outcome.motion.center
        #expect((error.apply(center) - center).length < 0.5)
        for axis in [Point(1, 0, 0), Point(0, 1, 0), Point(0, 0, 1)] {
            // A chord of half a degree.
            #expect((error.applyLinear(axis) - axis).length < 0.0087)
        }
        #expect(outcome.after >= outcome.before)
    }

    @Test func aVolumeIsPlacedWhereItsMotionSays() throws {
        let volume = try makeVolume([4, 4, 4]) { i, _, _ in Double(i) }
        let motion = RigidMotion(rotation: Point(0, 0, 90), translation: Point(1, 0, 0))
        let placed = try volume.placed(by: motion)
        let world = motion.affine.apply(placed.affine.apply(Point(1, 2, 3)))
        #expect((world - Point(1, 2, 3)).length < 1e-9)
        #expect(abs(motion.angle - 90) < 1e-9)
    }
}
