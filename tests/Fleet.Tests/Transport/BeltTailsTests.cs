using CsCheck;
using Fleet.Tests.Support;
using Fleet.Transport.RabbitMq;

namespace Fleet.Tests.Transport;

public sealed class BeltTailsTests
{
    [Fact]
    public void Place_LaterOne_RidesBehindTheLatestThatIsNotAfterIt()
    {
        var tails = new BeltTails(3);
        tails.Set(0, At(5));
        tails.Set(1, At(3));
        tails.Set(2, At(9));

        Assert.Equal(0, tails.Place(At(6)));
        Assert.Equal(1, tails.Place(At(4)));
        Assert.Equal(2, tails.Place(At(9)));
        Assert.Null(tails.Place(At(3)));
        Assert.Equal(1, tails.Place(At(4)));
    }

    [Fact]
    public void Place_AnyOrder_FillsEachBeltInDueOrder() => Gen.Int[0, 30].List[0, 100].Sample(dues =>
    {
        var tails = new BeltTails(RabbitMqTopology.Belts);
        var belts = new Dictionary<int, int>();
        foreach (var due in dues)
        {
            if (tails.Place(At(due)) is not { } belt)
            {
                Assert.Equal(RabbitMqTopology.Belts, belts.Count);
                Assert.All(belts.Values, last => Assert.True(last > due));
                continue;
            }

            Assert.True(belts.GetValueOrDefault(belt) <= due);
            belts[belt] = due;
        }
    });

    private static DateTimeOffset At(int second) => Verbs.Noon.AddSeconds(second);
}
