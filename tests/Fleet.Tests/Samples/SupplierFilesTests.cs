using Fleet.Samples;

namespace Fleet.Tests.Samples;

public sealed class SupplierFilesTests
{
    [Fact]
    public void Read_LockedFile_ThrowsForTwoAttempts()
    {
        Assert.Throws<IOException>(() => SupplierFiles.Read(7, TimeSpan.Zero, 1));
        Assert.Throws<IOException>(() => SupplierFiles.Read(7, TimeSpan.Zero, 2));
        Assert.Equal(SupplierFiles.LinesPerFile, SupplierFiles.Read(7, TimeSpan.Zero, 3).Count);
    }

    [Theory]
    [InlineData(5, 0, true)]
    [InlineData(5, 19, true)]
    [InlineData(5, 20, false)]
    [InlineData(20, 3600, true)]
    [InlineData(6, 0, false)]
    public void Read_BadFile_IsCorrectedAfterAWhile(long batch, int ageSeconds, bool isBad) => Assert.Equal(
        isBad, SupplierFiles.Read(batch, TimeSpan.FromSeconds(ageSeconds), 1).Any(line => line.EndsWith("n/a", StringComparison.Ordinal)));
}
