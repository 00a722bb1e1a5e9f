using System.Buffers.Binary;

namespace Fleet.Tests.Runs;

public sealed class RunIdTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 27, 12, 0, 0, 123, TimeSpan.FromHours(1));

    [Fact]
    public void New_IsAVersion7UuidOfItsInstant()
    {
        var id = RunId.New(Noon).Value;

        Assert.Equal((7, 0b1000), (id.Version, id.Variant & 0b1100));
        Assert.Equal(Guid.CreateVersion7(Noon).ToString()[..13], id.ToString()[..13]);
    }

    [Fact]
    public void New_OneMillisecondLater_SortsBehind()
    {
        var earlier = Enumerable.Range(0, 100).Select(_ => RunId.New(Noon)).Max();
        var later = Enumerable.Range(0, 100).Select(_ => RunId.New(Noon.AddMilliseconds(1))).Min();

        Assert.True(earlier < later);
    }

    [Fact]
    public void New_ManyOfOneInstant_DifferInEveryBitThatIsFree()
    {
        RunId[] ids = [.. Enumerable.Range(0, 10_000).Select(_ => RunId.New(Noon))];

        Assert.Equal(ids.Length, ids.Distinct().Count());
        var (ones, zeros) = (UInt128.Zero, UInt128.Zero);
        foreach (var id in ids)
        {
            var bits = BinaryPrimitives.ReadUInt128BigEndian(id.Value.ToByteArray(bigEndian: true));
            (ones, zeros) = (ones | bits, zeros | ~bits);
        }

        // 48 of the time, 4 of the version and 2 of the variant are the same in all.
        Assert.Equal(128 - 48 - 4 - 2, (int)UInt128.PopCount(ones & zeros));
    }

    [Fact]
    public void New_BeforeTheEpoch_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RunId.New(DateTimeOffset.UnixEpoch.AddTicks(-1)));
}
