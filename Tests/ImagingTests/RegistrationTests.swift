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

    /// Off the reference's grid: turned, of other voxels, with noise.
    private static func series(_ sequence: MRSequence, seed: UInt64) throws -> (fixed: Volume, moving: Volume) {
        var configuration = BrainPhantom.Configuration(seed: seed)
        configuration.sequences = [.t1, sequence]
        configuration.noise = 30
        configuration.shape = [80, 96, 80]
        configuration.spacing = Point(2.4, 2.4, 2.4)
        let phantom = try BrainPhantom(configuration)
        let (fixed, other) = (try #require(phantom.volumes[.t1]), try #require(phantom.volumes[sequence]))
        let turn = RigidMotion(rotation: Point(4, -3, 7)).affine
        let grid = try VolumeGrid(
            shape: [88, 88, 40],
            affine: turn.composed(
                with: Affine(spacing: Point(2.1, 2.2, 4.5), origin: Point(-43.5 * 2.1, -43.5 * 2.2, -19.5 * 4.5))))
        return (fixed, try VolumeResampler().resample(other, to: grid))
    }

    /// Of diffusion-weighted images the brain is seen only, so that the heads cover each other badly.
    @Test(arguments: zip([MRSequence.t2, .dwi, .flair, .t1ce, .dwi], [21, 22, 23, 24, 25] as [UInt64]))
    func seriesOfAPatientWhoLayStillStayWhereTheyAre(sequence: MRSequence, seed: UInt64) throws {
        let (fixed, moving) = try Self.series(sequence, seed: seed)
        #expect(try !RigidRegistration().registerIfMoved(moving, to: fixed).isMovement)
        let steps = try PreparationSteps([PreparationStep(name: "registration")])
        let (prepared, notes) = try steps.apply(to: moving, reference: fixed)
        #expect(prepared.affine == moving.affine)
        #expect(notes.map(\.code) == [.stepApplied])
        #expect(notes[0].message.hasPrefix("registration (version 2): not needed, found within 0."))
    }

    static let movements = [
        RigidMotion(translation: Point(2, 0, 0)), RigidMotion(translation: Point(0, -1.2, 1.6)),
        RigidMotion(rotation: Point(0, 2, 0)), RigidMotion(rotation: Point(-8, 4, 4), translation: Point(-5, 6, 6)),
    ]

    @Test(arguments: zip(movements, [MRSequence.t2, .dwi, .dwi, .t2]))
    func aMovementOfTwoMillimetersOrDegreesIsTakenBack(motion: RigidMotion, sequence: MRSequence) throws {
        let (fixed, still) = try Self.series(sequence, seed: 26)
        let displaced = try Volume(
            tensor: still.tensor, affine: motion.affine.composed(with: still.affine), slope: still.slope,
            intercept: still.intercept)
        let steps = try PreparationSteps([PreparationStep(name: "registration")])
        let (prepared, notes) = try steps.apply(to: displaced, reference: fixed)
        #expect(notes.map(\.code) == [.registered])
        for corner in [Point(0, 0, 0), Point(40, 40, 20), Point(87, 0, 39)] {
            let (found, truth) = (prepared.affine.apply(corner), still.affine.apply(corner))
            // Half a mm, and half a degree 120 mm away.
            #expect((found - truth).length < 1.5)
        }
        let middle = Point(43.5, 43.5, 19.5)
        #expect((prepared.affine.apply(middle) - still.affine.apply(middle)).length < 0.5)
    }

    /// A diffusion series against noise: whatever motion is found, nothing is gained by it.
    @Test func aSeriesThatSaysNothingIsNotMoved() throws {
        let (fixed, _) = try Self.series(.t2, seed: 27)
        var random = SeededNoise(seed: 4)
        let noise = try makeVolume([48, 48, 24], affine: Affine(spacing: Point(4, 4, 6), origin: Point(-96, -96, -72)))
        {
            _, _, _ in 100 + 20 * random.normal()
        }
        let steps = try PreparationSteps([PreparationStep(name: "registration")])
        #expect(try steps.apply(to: noise, reference: fixed).1.map(\.code) == [.stepApplied])
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
