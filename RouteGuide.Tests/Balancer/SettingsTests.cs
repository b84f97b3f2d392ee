using Microsoft.Extensions.Configuration;
using RouteGuide.Balancer;
using RouteGuide.Balancer.Routing;
using RouteGuide.ServiceDefaults;

namespace RouteGuide.Tests.Balancer;

/// <summary>Settings are read whole, and a bad one is named with its value.</summary>
public sealed class SettingsTests
{
    [Fact]
    public void By_default_it_listens_where_clients_expect_it()
    {
        var listener = Assert.Single(Read().Listeners);

        Assert.Equal((ListenerKind.Front, "https://localhost:50051"), (listener.Kind, listener.ToString()));
    }

    [Fact]
    public void The_url_with_the_registrys_port_is_the_registrys()
    {
        var settings = Read("urls=https://localhost:50051;http://localhost:6000;http://127.0.0.1:8080", "REGISTRY_PORT=6000");

        Assert.Equal(
            [(ListenerKind.Front, "https://localhost:50051"), (ListenerKind.Registry, "http://localhost:6000"), (ListenerKind.Front, "http://127.0.0.1:8080")],
            settings.Listeners.Select(l => (l.Kind, l.ToString())));
    }

    [Fact]
    public void The_registry_gets_a_listener_of_its_own_when_no_url_has_its_port()
    {
        var settings = Read("REGISTRY_PORT=6000");

        Assert.Equal([(ListenerKind.Front, "https://localhost:50051"), (ListenerKind.Registry, "http://localhost:6000")], settings.Listeners.Select(l => (l.Kind, l.ToString())));
    }

    [Fact]
    public void Port_lists_of_container_images_are_honoured()
    {
        var settings = Read("http_ports=8080", "https_ports=8443");

        Assert.Equal(["http://*:8080", "https://*:8443"], settings.Listeners.Select(l => l.ToString()));
    }

    [Fact]
    public void Targets_and_times_are_read()
    {
        var settings = Read("Balancer:Targets:0=http://127.0.0.1:5001", "Balancer:Targets:1=http://backend.example:5002/", "Balancer:Targets:2=http://[::1]:5003", "Balancer:DrainTimeout=1.5", "Balancer:ConnectTimeout=00:00:03");

        Assert.Equal(["127.0.0.1:5001", "backend.example:5002", "[::1]:5003"], settings.Targets.Select(t => t.Authority));
        Assert.Equal(TimeSpan.FromSeconds(1.5), settings.DrainTimeout);
        Assert.Equal(TimeSpan.FromSeconds(3), settings.Proxy.ConnectTimeout);
    }

    [Fact]
    public void Connections_are_rotated_only_where_the_settings_say_so()
    {
        var off = Read().Proxy;
        Assert.Equal((TimeSpan.Zero, 0), (off.MaxConnectionAge, off.MaxRequestsPerConnection));
        var zero = Read("Balancer:MaxConnectionAge=0", "Balancer:MaxRequestsPerConnection=0").Proxy;
        Assert.Equal((TimeSpan.Zero, 0), (zero.MaxConnectionAge, zero.MaxRequestsPerConnection));
        var on = Read("Balancer:MaxConnectionAge=00:05:00", "Balancer:MaxRequestsPerConnection=10000").Proxy;
        Assert.Equal((TimeSpan.FromMinutes(5), 10_000), (on.MaxConnectionAge, on.MaxRequestsPerConnection));
    }

    [Theory]
    [InlineData("urls=localhost:50051", "urls", "localhost:50051")]
    [InlineData("urls=ftp://localhost:50051", "urls", "ftp://localhost:50051")]
    [InlineData("urls=http://localhost:50051/path", "urls", "http://localhost:50051/path")]
    [InlineData("urls=http://localhost:99999", "urls", "http://localhost:99999")]
    [InlineData("urls=http://unix:/tmp/socket", "urls", "http://unix:/tmp/socket")]
    [InlineData("REGISTRY_PORT=many", "REGISTRY_PORT", "many")]
    [InlineData("REGISTRY_PORT=70000", "REGISTRY_PORT", "70000")]
    [InlineData("REGISTRY_PORT=-1", "REGISTRY_PORT", "-1")]
    [InlineData("Balancer:Targets:0=127.0.0.1:5001", "Balancer:Targets:0", "127.0.0.1:5001")]
    [InlineData("Balancer:Targets:0=ftp://127.0.0.1:5001", "Balancer:Targets:0", "ftp://127.0.0.1:5001")]
    [InlineData("Balancer:Targets:0=https://127.0.0.1", "Balancer:Targets:0", "no port")]
    [InlineData("Balancer:TargetGroups:web:Targets:0=https://127.0.0.1:443", "Balancer:TargetGroups:web:Targets", "https://127.0.0.1:443")]
    [InlineData("Balancer:Certificates:a:KeyPath=x", "Balancer:Certificates:a:Path", "no file is named")]
    [InlineData("Balancer:Certificates:a:Paht=x", "Balancer:Certificates:a:Paht", "no such setting")]
    [InlineData("Balancer:ClientCertificates:Mode=maybe", "Balancer:ClientCertificates:Mode", "maybe")]
    [InlineData("Balancer:ClientCertificates:Mode=1", "Balancer:ClientCertificates:Mode", "'1'")]
    [InlineData("Balancer:ClientCertificates:Mode=verify", "Balancer:ClientCertificates:TrustStorePath", "no file is named")]
    [InlineData("Balancer:ClientCertificates:TrustStorePath=/ca.pem", "Balancer:ClientCertificates:TrustStorePath", "/ca.pem")]
    [InlineData("Balancer:ClientCertificates:IgnoreExpiry=si", "Balancer:ClientCertificates:IgnoreExpiry", "si")]
    [InlineData("Balancer:CertificateReloadInterval=0", "Balancer:CertificateReloadInterval", "'0'")]
    [InlineData("Balancer:TargetTls:Verify=perhaps", "Balancer:TargetTls:Verify", "perhaps")]
    [InlineData("Balancer:TargetTls:ServerName=a b", "Balancer:TargetTls:ServerName", "a b")]
    [InlineData("Balancer:TargetTls:Certificate:Pass=x", "Balancer:TargetTls:Certificate:Pass", "no such setting")]
    [InlineData("Balancer:Targets:0=http://0.0.0.0:5001", "Balancer:Targets:0", "http://0.0.0.0:5001")]
    [InlineData("Balancer:Targets:0=", "Balancer:Targets:0", "is empty")]
    [InlineData("Balancer:DrainTimeout=soon", "Balancer:DrainTimeout", "soon")]
    [InlineData("Balancer:DrainTimeout=-1", "Balancer:DrainTimeout", "-1")]
    [InlineData("Balancer:DrainTimeout=1e300", "Balancer:DrainTimeout", "1e300")]
    [InlineData("Balancer:ConnectTimeout=0", "Balancer:ConnectTimeout", "0")]
    [InlineData("Balancer:MaxConnectionAge=old", "Balancer:MaxConnectionAge", "old")]
    [InlineData("Balancer:MaxConnectionAge=0.01", "Balancer:MaxConnectionAge", "0.01")]
    [InlineData("Balancer:MaxRequestsPerConnection=-1", "Balancer:MaxRequestsPerConnection", "-1")]
    [InlineData("Balancer:MaxRequestsPerConnection=3000000000", "Balancer:MaxRequestsPerConnection", "3000000000")]
    public void A_bad_setting_is_named_with_its_value(string setting, string name, string value)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read(setting));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(value, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_host_that_two_certificates_are_named_for_is_refused()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("Balancer:Certificates:a:Path=a", "Balancer:Certificates:a:Hosts:0=*.example.com", "Balancer:Certificates:b:Path=b", "Balancer:Certificates:b:Hosts:0=*.Example.com"));

        Assert.Contains("Balancer:Certificates:b:Hosts:0", error.Message, StringComparison.Ordinal);
        Assert.Contains("Balancer:Certificates:a:Hosts:0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Trust_for_targets_that_are_not_judged_is_refused()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("Balancer:TargetTls:Verify=false", "Balancer:TargetTls:TrustStorePath=/ca.pem"));

        Assert.Contains("Balancer:TargetTls:TrustStorePath: '/ca.pem'", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://*:6000")]
    [InlineData("http://0.0.0.0:6000")]
    [InlineData("http://192.0.2.1:6000")]
    [InlineData("http://[::]:6000")]
    [InlineData("http://example.com:6000")]
    [InlineData("https://localhost:6000")]
    public void The_registry_is_bound_to_nothing_but_plaintext_loopback(string url)
    {
        var error = Assert.Throws<ConfigurationException>(() => Read($"urls=https://localhost:50051;{url}", "REGISTRY_PORT=6000"));

        Assert.Contains(url, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_balancer_without_a_listener_for_calls_is_refused()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("urls=http://localhost:6000", "REGISTRY_PORT=6000"));

        Assert.Contains("http://localhost:6000", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_target_that_is_listed_twice_is_refused()
    {
        var error = Assert.Throws<ConfigurationException>(() => Read("Balancer:Targets:0=http://127.0.0.1:5001", "Balancer:Targets:1=http://127.0.0.1:5001/"));

        Assert.Contains("Balancer:Targets:1", error.Message, StringComparison.Ordinal);
    }

    private static BalancerSettings Read(params string[] settings) =>
        BalancerSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(s => s.Split('=', 2)).Select(s => KeyValuePair.Create(s[0], (string?)s[1]))).Build());
}
