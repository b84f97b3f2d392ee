using System.Net.Sockets;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Execution;

namespace RouteGuide.Tests.Hosting;

public sealed class ModelRulesTests
{
    private readonly IDistributedApplicationBuilder _builder = TestApp.CreateBuilder();

    [Fact]
    public void An_endpoint_without_proxy_allows_one_replica() =>
        Refused(Project().WithReplicas(2).WithHttpEndpoint(isProxied: false), "'http'", "'server'", "2 replicas");

    [Fact]
    public void A_fixed_target_port_allows_one_replica() =>
        Refused(Project().WithReplicas(2).WithHttpEndpoint(targetPort: 5000), "'http'", "'server'", "5000");

    [Fact]
    public void A_proxied_endpoint_must_not_have_one_port_twice() =>
        Refused(Project().WithHttpEndpoint(port: 5000, targetPort: 5000), "'http'", "'server'", "5000");

    [Fact]
    public void An_endpoint_without_proxy_must_not_have_two_ports() =>
        Refused(Project().WithHttpEndpoint(port: 5000, targetPort: 5001, isProxied: false), "'http'", "'server'", "5000", "5001");

    [Fact]
    public void Two_endpoints_must_not_ask_for_one_port()
    {
        Project("one").WithHttpEndpoint(port: 5000);
        Refused(Project("two").WithHttpsEndpoint(port: 5000), "5000", "'http' of 'one'", "'https' of 'two'");
    }

    [Fact]
    public void Only_tcp_can_be_run() =>
        Refused(Project().WithEndpoint(name: "dns", protocol: ProtocolType.Udp), "'dns'", "Udp");

    [Fact]
    public void A_health_check_needs_its_endpoint() =>
        Refused(Project().WithHttpEndpoint().WithHttpHealthCheck("/health", endpointName: "management"), "'management'", "'server'");

    [Fact]
    public void A_health_check_without_any_endpoint_is_refused() =>
        Refused(Project().WithHttpHealthCheck("/health"), "'server'", "http");

    [Fact]
    public void Resources_that_wait_for_each_other_are_refused()
    {
        var one = Project("one");
        var two = Project("two").WaitFor(one);
        Refused(one.WaitFor(two), "'one' waits for 'two' waits for 'one'");
    }

    [Fact]
    public void A_wait_for_what_is_not_part_of_the_application_is_refused() =>
        Refused(Project().WaitFor(TestApp.CreateBuilder().AddExecutable("stranger", "sh", ".")), "'server'", "'stranger'");

    [Fact]
    public void A_resource_cannot_wait_for_itself()
    {
        var one = Project("one");
        Assert.Contains("'one'", Assert.Throws<DistributedApplicationException>(() => one.WaitFor(one)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_unique_without_regard_to_case()
    {
        Project("one");
        Assert.Contains("'ONE'", Assert.Throws<DistributedApplicationException>(() => Project("ONE")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Endpoint_names_are_unique_within_a_resource() =>
        Assert.Contains("'http'", Assert.Throws<DistributedApplicationException>(() => Project().WithHttpEndpoint().WithHttpEndpoint()).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("1st")]
    [InlineData("under_score")]
    [InlineData("two--hyphens")]
    [InlineData("end-")]
    [InlineData("ünicode")]
    public void A_name_that_is_no_dns_label_is_refused(string name) =>
        Assert.Contains($"'{name}'", Assert.Throws<ArgumentException>(() => Project(name)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(0)]
    [InlineData(65536)]
    [InlineData(-1)]
    public void A_port_outside_of_its_range_is_refused(int port) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Project().WithHttpEndpoint(port: port));

    [Fact]
    public void Less_than_one_replica_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Project().WithReplicas(0));

    [Fact]
    public void A_sound_model_passes()
    {
        var one = Project("one").WithReplicas(3).WithHttpEndpoint(port: 5000).WithHttpHealthCheck("/health");
        Project("two").WithHttpsEndpoint(port: 5001, isProxied: false).WaitFor(one);

        ModelRules.Check(new DistributedApplicationModel(_builder.Resources));
    }

    [Fact]
    public void Dependents_stop_before_what_they_need()
    {
        var balancer = Project("balancer");
        var server = Project("server").WaitFor(balancer);
        var client = Project("client").WithReference(server).WaitFor(balancer);

        var waves = StopOrder.Waves([balancer.Resource, server.Resource, client.Resource]);

        Assert.Equal(["client", "server", "balancer"], waves.Select(w => Assert.Single(w).Name));
    }

    [Fact]
    public void References_in_a_circle_stop_together()
    {
        var one = Project("one");
        var two = Project("two").WithReference(one);
        one.WithReference(two);

        Assert.Equal(2, Assert.Single(StopOrder.Waves([one.Resource, two.Resource])).Count);
    }

    private IResourceBuilder<ProjectResource> Project(string name = "server") => _builder.AddProject<TestApp.Sample>(name);

    private void Refused(IResourceBuilder<IResource> _, params string[] words)
    {
        var message = Assert.Throws<DistributedApplicationException>(() => ModelRules.Check(new DistributedApplicationModel(_builder.Resources))).Message;
        Assert.All(words, word => Assert.Contains(word, message, StringComparison.Ordinal));
    }
}
