using Fleet.Core.Storage;

namespace Fleet.Tests.Storage;

/// <summary>How the connections of a server are divided.</summary>
public sealed class ConnectionShareTests
{
    [Theory]
    [InlineData(97, 0, 1, 48)]
    [InlineData(97, 0, 2, 37)]
    [InlineData(97, 0, 4, 16)]
    [InlineData(97, 0, 8, 6)]
    [InlineData(97, 40, 4, 6)]
    [InlineData(29, 0, 3, 1)]
    [InlineData(497, 0, 8, 53)]
    [InlineData(97, 97, 4, 1)] // others have it all: somebody is refused, and pauses
    public void Of_Room_IsThePlannedPart(int usable, int foreign, int workers, int expected) =>
        Assert.Equal(expected, ConnectionShare.Of(new ConnectionRoom(usable, foreign, foreign, workers), mostOpen: 100));

    [Theory]
    [InlineData(97, 1)]
    [InlineData(97, 2)]
    [InlineData(97, 4)]
    [InlineData(97, 8)]
    [InlineData(97, 12)]
    [InlineData(29, 3)]
    [InlineData(500, 60)]
    public void Of_AllWorkersTakeTheirShare_ServerHasMore(int usable, int workers)
    {
        var share = ConnectionShare.Of(new ConnectionRoom(usable, 0, 0, workers), mostOpen: usable);

        Assert.True(
            (workers * (share + ConnectionShare.OfWorker)) + ConnectionShare.OfSchedulers + ConnectionShare.Headroom(usable) <= usable,
            $"{share}");
    }

    [Fact]
    public void Of_OthersTookMoreThanPlanned_WhatIsFreeIsShared()
    {
        // 97 − 4 of headroom − 85 in use leaves 8 for two.
        Assert.Equal(10 + 4, ConnectionShare.Of(new ConnectionRoom(97, 85, 0, 2), mostOpen: 10));
        // None is left: two of ours have to go.
        Assert.Equal(10 - 2, ConnectionShare.Of(new ConnectionRoom(97, 97, 0, 2), mostOpen: 10));
    }
}
